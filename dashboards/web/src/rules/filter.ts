// Which rules a list shows: by words in them, family, an event they read, what they are about. The filter stands in the page's address.
import type { RuleNamed, RuleRow } from "../contract";

export interface RuleFilter {
  words: string;
  family: string;
  event: string;
  about: string;
}
const NAMES = ["words", "family", "event", "about"] as const;
type Query = Record<string, string | null | (string | null)[] | undefined>;

export function fromQuery(query: Query): RuleFilter {
  const text = (name: string) => {
    const value = query[name];
    return ((Array.isArray(value) ? value[0] : value) ?? "").trim();
  };
  return { words: text("words"), family: text("family"), event: text("event"), about: text("about") };
}

/** For the address: only what is set. */
export function toQuery(filter: RuleFilter): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, filter[name].trim()]).filter(([, value]) => value));
}

export function isSet(filter: RuleFilter): boolean {
  return Object.keys(toQuery(filter)).length > 0;
}

/** Every word must be found somewhere in what a rule says of itself, in either language. */
export function fits(rule: RuleRow, filter: RuleFilter): boolean {
  const has = (named: RuleNamed[], name: string) => !name || named.some((one) => one.name === name);
  if ((filter.family && rule.family !== filter.family) || !has(rule.events, filter.event) || !has(rule.subjects, filter.about)) return false;
  const named = [...rule.events, ...rule.subjects].flatMap((one) => [one.name, one.label.zh, one.label.en]);
  const said = [rule.rule_id, rule.name.zh, rule.name.en, rule.why.zh, rule.why.en, rule.detector, ...named].join("\n").toLowerCase();
  return filter.words.toLowerCase().split(/\s+/).every((each) => said.includes(each));
}

/** What the rules name, each once, in the order in which it is named first. */
export function named(rules: RuleRow[], list: "events" | "subjects"): RuleNamed[] {
  return [...new Map(rules.flatMap((rule) => rule[list]).map((one) => [one.name, one])).values()];
}
