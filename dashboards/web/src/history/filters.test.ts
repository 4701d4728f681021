import { describe, expect, it } from "vitest";
import { empty, fromQuery, isSet, toParams, toQuery } from "./filters";

const set = { ...empty(), rule: ["T03", "T04"], level: ["red"], case: " 430111-2026-0047 ", from: "2026-03-01", to: "2026-03-31", cursor: "abc" };

describe("the filters of a history", () => {
  it("come back from the address as they went in", () => {
    const query = toQuery(set);
    expect(query).toEqual({ rule: "T03,T04", level: "red", case: "430111-2026-0047", from: "2026-03-01", to: "2026-03-31", cursor: "abc" });
    expect(toQuery(fromQuery(query))).toEqual(query);
  });

  it("ask for whole days of the clock's zone, the last one included", () => {
    const params = toParams(set, "Asia/Shanghai");
    expect(params.from).toBe(String(Date.parse("2026-03-01T00:00:00+08:00")));
    expect(params.to).toBe(String(Date.parse("2026-04-01T00:00:00+08:00")));
  });

  it("leave out what is not set or is no date", () => {
    expect(toParams(fromQuery({ from: "yesterday", rule: ",", officer: "" }), "UTC")).toEqual({});
    expect(fromQuery({ rule: ["T02", "T03"], case: null })).toMatchObject({ rule: ["T02"], case: "" });
  });

  it("know whether anything is set, whatever the page", () => {
    expect(isSet(empty())).toBe(false);
    expect(isSet({ ...empty(), cursor: "x" })).toBe(false);
    expect(isSet({ ...empty(), officer: "o" })).toBe(true);
  });
});
