import { describe, expect, it } from "vitest";
import type { RuleRow } from "../contract";
import { fits, fromQuery, isSet, named, toQuery } from "./filter";

const event = (name: string, zh: string) => ({ name, label: { zh, en: name.replaceAll("_", " ") } });
const subject = (name: string, zh: string) => ({ name, label: { zh, en: name } });
const rule = (id: string, family: string, more: Partial<RuleRow>): RuleRow => ({
  rule_id: id, version: 1, name: { zh: id, en: id }, family, disposition: "card", levels: ["red"], why: { zh: "", en: "" }, detector: "deadline",
  events: [], subjects: [], ...more,
});
const LATE = rule("T03", "time", {
  name: { zh: "超承诺时限", en: "Promised limit exceeded" },
  events: [event("case_accepted", "受理"), event("case_completed", "办结")],
  subjects: [subject("case", "办件")],
});
const EVENING = rule("M02", "misconduct", { why: { zh: "午休为中介办件", en: "at lunch" }, events: [event("case_accepted", "受理")], subjects: [subject("officer", "经办人")] });
const ids = (filter: Record<string, string>) => [LATE, EVENING].filter((one) => fits(one, fromQuery(filter))).map((one) => one.rule_id);

describe("the filter of rules", () => {
  it("finds words in either language, all of them", () => {
    expect(ids({ words: "超承诺" })).toEqual(["T03"]);
    expect(ids({ words: " PROMISED  t03 " })).toEqual(["T03"]);
    expect(ids({ words: "promised lunch" })).toEqual([]);
    expect(ids({ words: "办结" })).toEqual(["T03"]);
    expect(ids({ words: "" })).toEqual(["T03", "M02"]);
  });
  it("narrows by family, event and what a rule is about", () => {
    expect(ids({ family: "misconduct" })).toEqual(["M02"]);
    expect(ids({ event: "case_accepted" })).toEqual(["T03", "M02"]);
    expect(ids({ event: "case_completed" })).toEqual(["T03"]);
    expect(ids({ event: "case_accepted", about: "officer" })).toEqual(["M02"]);
    expect(ids({ event: "none_such" })).toEqual([]);
  });
  it("stands in the address as far as it is set", () => {
    expect(toQuery(fromQuery({ words: " late ", family: "", about: ["case", "x"] }))).toEqual({ words: "late", about: "case" });
    expect(isSet(fromQuery({}))).toBe(false);
    expect(isSet(fromQuery({ event: "case_accepted" }))).toBe(true);
  });
  it("offers what rules name, once", () => {
    expect(named([LATE, EVENING], "events").map((one) => one.name)).toEqual(["case_accepted", "case_completed"]);
    expect(named([LATE, EVENING], "subjects").map((one) => one.label.zh)).toEqual(["办件", "经办人"]);
  });
});
