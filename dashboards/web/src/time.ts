// Instants as people read them, in the zone of the clock they belong to; and days of a zone as instants.

const readers = new Map<string, Intl.DateTimeFormat>();
const FALLBACK = "Asia/Shanghai";

function reader(zone: string): Intl.DateTimeFormat {
  const known = readers.get(zone);
  if (known) return known;
  const options: Intl.DateTimeFormatOptions = {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  };
  const made = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone || FALLBACK });
  readers.set(zone, made);
  return made;
}

export interface Parts {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
}

export function parts(at: number, zone: string): Parts {
  const found: Record<string, string> = {};
  for (const part of reader(zone).formatToParts(at)) found[part.type] = part.value;
  return found as unknown as Parts;
}

/** `2026-03-12 10:32`, with seconds (and milliseconds where there are any) if asked. */
export function instant(at: number, zone: string, fine = false): string {
  const p = parts(at, zone);
  const minutes = `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}`;
  if (!fine) return minutes;
  const ms = ((at % 1000) + 1000) % 1000;
  return `${minutes}:${p.second}${ms ? "." + String(ms).padStart(3, "0") : ""}`;
}

export function day(at: number, zone: string): string {
  return instant(at, zone).slice(0, 10);
}

export function monthDay(at: number, zone: string): string {
  return instant(at, zone).slice(5, 10);
}

export function timeOfDay(at: number, zone: string, seconds = false): string {
  const p = parts(at, zone);
  return `${p.hour}:${p.minute}${seconds ? ":" + p.second : ""}`;
}

/** 0 is Sunday. */
export function weekday(at: number, zone: string): number {
  return new Date(day(at, zone) + "T00:00:00Z").getUTCDay();
}

/** The first instant of a local day `2026-03-12`; null if it is no date. Zones that move their clocks are met by asking twice. */
export function startOfDay(date: string, zone: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return null;
  const wanted = Date.parse(date + "T00:00:00Z");
  if (Number.isNaN(wanted) || new Date(wanted).toISOString().slice(0, 10) !== date) return null;
  const first = wanted - offset(wanted, zone);
  return wanted - offset(first, zone);
}

export function nextDay(date: string): string {
  return new Date(Date.parse(date + "T00:00:00Z") + 86_400_000).toISOString().slice(0, 10);
}

/** Milliseconds that local time is ahead of UTC at an instant. */
export function offset(at: number, zone: string): number {
  const p = parts(at, zone);
  const local = Date.UTC(+p.year, +p.month - 1, +p.day, +p.hour, +p.minute, +p.second);
  return local - Math.floor(at / 1000) * 1000;
}

export interface Units {
  second: string;
  minute: string;
  hour: string;
  day: string;
}

/** A length of time in its two largest units: `3 d 4 h`. */
export function duration(ms: number, units: Units): string {
  const sign = ms < 0 ? "-" : "";
  const seconds = Math.round(Math.abs(ms) / 1000);
  const sizes: [keyof Units, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const found: string[] = [];
  let rest = seconds;
  for (const [name, size] of sizes) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n && found.length < 2) found.push(`${n} ${units[name]}`);
    else if (found.length === 1) break;
  }
  return sign + (found.join(" ") || `0 ${units.second}`);
}

/** Where a moving clock stands by now, from where it stood when we heard of it; never more than a minute further than heard. */
export function moved(now: number, rate: number | null, heard_wall: number, wall: number): number {
  const since = Math.min(Math.max(wall - heard_wall, 0), 60_000);
  return now + (rate ?? 0) * since;
}
