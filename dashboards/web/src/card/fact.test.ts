import { describe, expect, it } from "vitest";
import type { Fact } from "../contract";
import { show } from "./fact";

const words = { units: { second: "s", minute: "min", hour: "h", day: "d" }, yes: "yes", no: "no", none: "none", word: (name: string) => (name === "testing" ? "检测" : name) };
const fact = (value: Fact["value"], kind: Fact["kind"] = "text") => ({ name: "n", label: { zh: "", en: "" }, unit: null, value, kind }) as Fact;

describe("a fact", () => {
  it.each<[Fact["value"], Fact["kind"], string]>([
    [null, "number", "none"],
    ["testing", "text", "检测"],
    [0, "number", "0"],
    [false, "text", "no"],
    [[], "list", "none"],
    [["review", "approve"], "list", "review, approve"],
    [Date.parse("2026-03-11T15:59:59.999Z"), "time", "2026-03-11 23:59:59.999"],
    ["2026-03-11", "date", "2026-03-11"],
    [5_400_000, "duration_ms", "1 h 30 min"],
    ["7 working_day", "text", "7 working_day"],
  ])("%o as %s reads %s", (value, kind, wanted) => expect(show(fact(value, kind), "Asia/Shanghai", words)).toBe(wanted));
});
