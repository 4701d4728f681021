// A number of the evidence as text, by its kind.
import type { Fact } from "../contract";
import { duration, instant, type Units } from "../time";

export interface Words {
  units: Units;
  yes: string;
  no: string;
  none: string;
  word: (name: string) => string; // for a word of a closed list
}

export function show(fact: Fact, zone: string, words: Words): string {
  const value = fact.value;
  if (value === null) return words.none;
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (Array.isArray(value)) return value.length ? value.join(", ") : words.none;
  if (fact.kind === "time" && typeof value === "number") return instant(value, zone, true);
  if (fact.kind === "duration_ms" && typeof value === "number") return duration(value, words.units);
  return typeof value === "string" ? words.word(value) : String(value);
}
