import { describe, expect, it } from "vitest";
import { day, duration, instant, moved, nextDay, offset, startOfDay, weekday } from "./time";

const units = { second: "s", minute: "min", hour: "h", day: "d" };

describe("instants", () => {
  it("are read in the zone of their clock", () => {
    const at = Date.parse("2026-03-11T15:59:59.999Z");
    expect(instant(at, "Asia/Shanghai", true)).toBe("2026-03-11 23:59:59.999");
    expect(day(at + 1, "Asia/Shanghai")).toBe("2026-03-12");
    expect(instant(at, "Europe/Amsterdam")).toBe("2026-03-11 16:59");
  });

  it("know their weekday there", () => {
    expect(weekday(Date.parse("2026-03-13T16:00:00Z"), "Asia/Shanghai")).toBe(6);
  });
});

describe("days", () => {
  it.each(["Asia/Shanghai", "Europe/Amsterdam", "America/New_York", "UTC"])("begin at local midnight in %s, in every month", (zone) => {
    for (let month = 1; month <= 12; month++) {
      for (const date of [`2026-${String(month).padStart(2, "0")}-01`, `2026-${String(month).padStart(2, "0")}-29`]) {
        const at = startOfDay(date, zone);
        if (date === "2026-02-29") expect(at).toBeNull();
        else expect(instant(at as number, zone, true)).toBe(`${date} 00:00:00`);
      }
    }
  });

  it("begin at local midnight on the days clocks are moved", () => {
    expect(instant(startOfDay("2026-03-29", "Europe/Amsterdam") as number, "Europe/Amsterdam")).toBe("2026-03-29 00:00");
    expect(instant(startOfDay("2026-10-25", "Europe/Amsterdam") as number, "Europe/Amsterdam")).toBe("2026-10-25 00:00");
  });

  it("refuse what is no date", () => {
    for (const text of ["", "2026-3-1", "2026-13-01", "tomorrow"]) expect(startOfDay(text, "UTC")).toBeNull();
  });

  it("follow one another over years", () => {
    expect(nextDay("2026-12-31")).toBe("2027-01-01");
    expect(nextDay("2028-02-28")).toBe("2028-02-29");
  });

  it("know the offset of a zone before 1970 too", () => {
    expect(offset(-86_400_500, "Asia/Shanghai")).toBe(8 * 3_600_000);
  });
});

describe("lengths of time", () => {
  it.each([
    [0, "0 s"],
    [59_000, "59 s"],
    [3_600_000, "1 h"],
    [3_660_000, "1 h 1 min"],
    [3_601_000, "1 h"],
    [90_061_000, "1 d 1 h"],
    [-90_061_000, "-1 d 1 h"],
  ])("%d is %s", (ms, wanted) => expect(duration(ms, units)).toBe(wanted));
});

describe("a clock", () => {
  it("moves at its own rate, stands without one, and never runs away", () => {
    expect(moved(1000, 60, 0, 2000)).toBe(121_000);
    expect(moved(1000, null, 0, 2000)).toBe(1000);
    expect(moved(1000, 1, 0, 3_600_000)).toBe(61_000);
    expect(moved(1000, 1, 5000, 2000)).toBe(1000);
  });
});
