import { describe, expect, it } from "vitest";
import type { Ruler } from "../contract";
import { lay, measure } from "./scale";

const at = (text: string) => Date.parse(`${text}+08:00`);
const label = (zh: string) => ({ zh, en: zh });

function ruler(more: Partial<Ruler> = {}): Ruler {
  return {
    time_zone: "Asia/Shanghai",
    from: at("2026-03-01T00:00"),
    to: at("2026-03-21T00:00"),
    opened_at: at("2026-03-02T09:00"),
    marks: [
      { at: at("2026-03-02T09:00"), kind: "opened", label: label("受理") },
      { at: at("2026-03-11T23:59:59.999"), kind: "promised_due", label: label("承诺届满") },
      { at: at("2026-03-12T00:00"), kind: "detected", label: label("认定") },
      { at: at("2026-03-16T10:00"), kind: "completed", label: label("办结") },
    ],
    pauses: [],
    extensions: [],
    days_off: [{ from: at("2026-03-07T00:00"), to: at("2026-03-09T00:00"), label: label("周末") }],
    ...more,
  };
}

const say = (text: { zh: string }) => text.zh;

describe("the ruler", () => {
  it("lies on the line in proportion to time", () => {
    const scale = lay(ruler(), 1000, say);
    expect(scale.daysOff[0]).toMatchObject({ x: 300, width: 100 });
    expect(scale.run.x).toBeCloseTo(68.75);
  });

  it("is late from the end of the limit to the completion", () => {
    const late = lay(ruler(), 2000, say).late;
    expect(late?.x).toBeCloseTo(1100, 0);
    expect(late?.width).toBeCloseTo(441.7, 0);
  });

  it("is not late when completed in time", () => {
    const marks = ruler().marks.map((mark) => (mark.kind === "completed" ? { ...mark, at: at("2026-03-10T10:00") } : mark));
    expect(lay(ruler({ marks }), 1000, say).late).toBeNull();
  });

  it.each([280, 360, 760, 1280, 3840])("never lets two labels of a lane touch, nor leave the drawing, at %d px", (width) => {
    const { marks, lanes } = lay(ruler(), width, say);
    for (const one of marks) {
      expect(one.left).toBeGreaterThanOrEqual(0);
      expect(one.left + one.width).toBeLessThanOrEqual(width);
      expect(one.lane).toBeLessThan(lanes);
      for (const other of marks) {
        if (one === other || one.lane !== other.lane) continue;
        expect(one.left + one.width <= other.left || other.left + other.width <= one.left).toBe(true);
      }
    }
  });

  it("counts a pause up to its cap, and an open one up to where the clock stands", () => {
    const pauses = [
      { from: at("2026-03-03T00:00"), to: at("2026-03-07T00:00"), kind: "testing", label: label("检测"), counted_until: at("2026-03-05T00:00") },
      { from: at("2026-03-14T00:00"), to: null, kind: "hearing", label: label("听证"), counted_until: null },
    ];
    const [capped, open] = lay(ruler({ pauses }), 2000, say).pauses;
    expect(capped).toMatchObject({ x: 200, width: 400, counted: 200, isOpen: false });
    expect(open?.isOpen).toBe(true);
    expect(open?.width).toBeCloseTo(241.7, 0);
  });

  it("clips what lies outside the drawing", () => {
    const scale = lay(ruler({ days_off: [{ from: at("2026-02-01T00:00"), to: at("2026-06-01T00:00"), label: label("") }] }), 1000, say);
    expect(scale.daysOff[0]).toMatchObject({ x: 0, width: 1000 });
  });

  it.each([300, 1280, 3840])("has ticks that do not touch, at %d px", (width) => {
    for (const days of [1, 20, 90, 800]) {
      const found = lay(ruler({ to: at("2026-03-01T00:00") + days * 86_400_000 }), width, say).ticks;
      found.slice(1).forEach((tick, n) => expect(tick.x - (found[n]?.x ?? 0)).toBeGreaterThanOrEqual(40));
    }
  });

  it("takes a Chinese character for twice a letter, about", () => {
    expect(measure("承诺")).toBeGreaterThan(measure("ab") * 1.5);
  });
});
