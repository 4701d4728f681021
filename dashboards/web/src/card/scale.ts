// The ruler of a limit as shapes on a line: where each instant lies, which label goes into which lane. Pure; TimeRuler.vue draws it.
import type { Ruler } from "../contract";
import { day, monthDay, nextDay, startOfDay, timeOfDay } from "../time";

export interface Span {
  x: number;
  width: number;
}
export interface Band extends Span {
  label: Ruler["days_off"][number]["label"];
}
export interface Pause extends Span {
  counted: number; // width of the part that stops the clock
  isOpen: boolean;
  label: Ruler["pauses"][number]["label"];
}
export interface Mark {
  x: number;
  at: number;
  kind: Ruler["marks"][number]["kind"];
  text: string;
  when: string;
  lane: number; // 0 lies next to the line
  left: number; // of the label
  width: number;
}
export interface Tick {
  x: number;
  text: string;
}
export interface Scale {
  marks: Mark[];
  lanes: number;
  daysOff: Band[];
  pauses: Pause[];
  run: Span; // from the opening to where the clock stopped, or stands
  late: Span | null; // the part of it after the end of the limit
  ticks: Tick[];
  extensions: { x: number; days: number; label: Ruler["extensions"][number]["label"] }[];
}

const CHARACTER = 12.5; // a Chinese character at the labels' size; others take little more than half
const GAP = 10;
const FEWEST_PX = 64; // between two ticks

export function lay(ruler: Ruler, width: number, say: (label: Ruler["marks"][number]["label"]) => string): Scale {
  const length = Math.max(ruler.to - ruler.from, 1);
  const x = (at: number) => (Math.min(Math.max(at, ruler.from), ruler.to) - ruler.from) * (width / length);
  const span = (from: number, to: number): Span => ({ x: x(from), width: Math.max(x(to) - x(from), 1) });
  const end = stop(ruler);
  const due = end_of_limit(ruler);
  const marks = place(ruler, width, x, say);
  return {
    marks,
    lanes: 1 + Math.max(-1, ...marks.map((mark) => mark.lane)),
    daysOff: ruler.days_off.map((off) => ({ ...span(off.from, off.to), label: off.label })),
    pauses: ruler.pauses.map((pause) => {
      const to = pause.to ?? end;
      const counted = Math.min(to, pause.counted_until ?? to);
      return { ...span(pause.from, to), counted: Math.max(x(counted) - x(pause.from), 0), isOpen: pause.to === null, label: pause.label };
    }),
    run: span(ruler.opened_at, end),
    late: due !== null && end > due ? span(due, end) : null,
    ticks: ticks(ruler, width, x),
    extensions: ruler.extensions.map((one) => ({ x: x(one.at), days: one.days, label: one.label })),
  };
}

/** Where the clock stopped: completion, else decision, else now, else the end of the drawing. */
function stop(ruler: Ruler): number {
  for (const kind of ["completed", "decided", "now"] as const) {
    const mark = ruler.marks.find((one) => one.kind === kind);
    if (mark) return mark.at;
  }
  return ruler.to;
}

/** The first end of a limit: from here on it is late. */
function end_of_limit(ruler: Ruler): number | null {
  const ends = ruler.marks.filter((mark) => mark.kind === "promised_due" || mark.kind === "legal_due").map((mark) => mark.at);
  return ends.length ? Math.min(...ends) : null;
}

function place(ruler: Ruler, width: number, x: (at: number) => number, say: (label: Ruler["marks"][number]["label"]) => string): Mark[] {
  const taken: number[] = []; // right edge of the last label of each lane
  return [...ruler.marks]
    .sort((a, b) => a.at - b.at)
    .map((mark) => {
      const text = say(mark.label);
      const when = `${monthDay(mark.at, ruler.time_zone)} ${timeOfDay(mark.at, ruler.time_zone)}`;
      const wide = Math.max(measure(text), measure(when)) + 4;
      const left = Math.min(Math.max(x(mark.at) - wide / 2, 0), Math.max(width - wide, 0));
      let lane = taken.findIndex((right) => right + GAP <= left);
      if (lane < 0) lane = taken.length;
      taken[lane] = left + wide;
      return { x: x(mark.at), at: mark.at, kind: mark.kind, text, when, lane, left, width: wide };
    });
}

export function measure(text: string): number {
  let width = 0;
  for (const character of text) width += character > "\u2e7f" ? CHARACTER : CHARACTER * 0.56;
  return width;
}

/** Local midnights, every so many days that their labels do not touch. */
function ticks(ruler: Ruler, width: number, x: (at: number) => number): Tick[] {
  const days = (ruler.to - ruler.from) / 86_400_000;
  const room = Math.max(Math.floor(width / FEWEST_PX), 1);
  const step = [1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365].find((each) => days / each <= room) ?? Math.ceil(days / room);
  const found: Tick[] = [];
  let date = nextDay(day(ruler.from, ruler.time_zone));
  for (let n = 0; n < 4000; n++, date = nextDay(date)) {
    const at = startOfDay(date, ruler.time_zone);
    if (at === null || at > ruler.to) break;
    if (n % step === 0) found.push({ x: x(at), text: date.slice(5) });
  }
  return found;
}
