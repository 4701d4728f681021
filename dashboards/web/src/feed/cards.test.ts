import { describe, expect, it } from "vitest";
import type { Card, Place } from "../contract";
import { isWithin, join, take } from "./cards";

const card = (alert_id: string, revision = 1, issued_wall = 0, more: Partial<Card> = {}) => ({ alert_id, revision, issued_wall, ...more }) as Card;
const ids = (cards: Card[]) => cards.map((one) => `${one.alert_id}${one.revision}`);

describe("cards of a wall", () => {
  it("puts a new card on top and drops what is too many", () => {
    expect(ids(take([card("A"), card("B")], card("C"), 2))).toEqual(["C1", "A1"]);
  });

  it("changes a card where it stands", () => {
    expect(ids(take([card("A"), card("B")], card("B", 2), 9))).toEqual(["A1", "B2"]);
  });

  it("takes no revision that is older or the same", () => {
    expect(ids(take([card("A", 3)], card("A", 2), 9))).toEqual(["A3"]);
    expect(ids(take([card("A", 3)], card("A", 3), 9))).toEqual(["A3"]);
  });

  it("joins what was read with what was heard, in whatever order they came", () => {
    const read = [card("A", 2, 30), card("B", 1, 10)];
    const heard = [card("A", 1, 5), card("C", 1, 20), card("B", 2, 40)];
    expect(ids(join(read, heard, 9))).toEqual(["B2", "A2", "C1"]);
    expect(ids(join(heard, read, 9))).toEqual(["B2", "A2", "C1"]);
  });

  it.each<[string, Partial<Place>, boolean]>([
    ["everywhere", { kind: "root", key: "", code: "" }, true],
    ["its region", { kind: "region", code: "430111" }, true],
    ["the city above", { kind: "region", code: "4301" }, true],
    ["the city above, written in full", { kind: "region", code: "430100" }, true],
    ["another region", { kind: "region", code: "4302" }, false],
    ["its centre", { kind: "centre", code: "C1" }, true],
    ["its department", { kind: "department", key: "department:C1/D1" }, true],
    ["that department elsewhere", { kind: "department", key: "department:C2/D1" }, false],
  ])("is within %s: %o", (_, place, wanted) => {
    expect(isWithin(card("A", 1, 0, { region_code: "430111", centre_id: "C1", department_id: "D1" }), place as Place)).toBe(wanted);
  });
});
