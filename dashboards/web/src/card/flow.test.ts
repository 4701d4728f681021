import { describe, expect, it } from "vitest";
import type { Workflow } from "../contract";
import { demands } from "./flow";

const step = (code: string, first_at: number | null, actors: string[] = []) =>
  ({ code, name: code.toUpperCase(), mandatory: true, limit: null, first_at, last_at: first_at, actors }) as Workflow["steps"][number];
const flow = (...steps: Workflow["steps"]): Workflow => ({ item_code: "i", item_name: "i", steps, before: [["review", "approve"]], separate: [["review", "approve"]] });
const broken = (workflow: Workflow) => demands(workflow).map((demand) => demand.broken);

describe("the demands of a workflow", () => {
  it("hold in order and by two persons", () => expect(broken(flow(step("review", 1, ["li"]), step("approve", 2, ["wang"])))).toEqual([false, false]));
  it("are broken by the wrong order", () => expect(broken(flow(step("review", 3, ["li"]), step("approve", 2, ["wang"])))).toEqual([true, false]));
  it("are broken by a step that was skipped", () => expect(broken(flow(step("review", null), step("approve", 2, ["wang"])))).toEqual([true, false]));
  it("are not broken by what has not come yet", () => expect(broken(flow(step("review", 1, ["li"]), step("approve", null)))).toEqual([false, false]));
  it("name the person who did both", () => {
    const [, separate] = demands(flow(step("review", 1, ["li", "zhao"]), step("approve", 2, ["zhao"])));
    expect(separate).toMatchObject({ broken: true, who: ["zhao"], a: "REVIEW", b: "APPROVE" });
  });
});
