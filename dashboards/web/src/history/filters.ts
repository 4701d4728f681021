// What a history is filtered by: as it stands in the page's address, and as the server is asked. Days in the address, instants to the server.
import { nextDay, startOfDay } from "../time";

export const LISTS = ["rule", "level", "state", "department", "centre", "item", "region", "source"] as const;
export const WORDS = ["officer", "case", "clock", "disposition"] as const;
export type ListName = (typeof LISTS)[number];
export type WordName = (typeof WORDS)[number];

export type Filters = Record<ListName, string[]> & Record<WordName, string> & { from: string; to: string; cursor: string };

export const PAGE = 100;

export function empty(): Filters {
  return {
    rule: [], level: [], state: [], department: [], centre: [], item: [], region: [], source: [],
    officer: "", case: "", clock: "", disposition: "", from: "", to: "", cursor: "",
  };
}

type Query = Record<string, string | null | (string | null)[] | undefined>;

export function fromQuery(query: Query): Filters {
  const filters = empty();
  const text = (name: string) => {
    const value = query[name];
    return (Array.isArray(value) ? value[0] : value) ?? "";
  };
  for (const name of LISTS) filters[name] = text(name).split(",").filter(Boolean);
  for (const name of WORDS) filters[name] = text(name).trim();
  for (const name of ["from", "to"] as const) filters[name] = startOfDay(text(name), "UTC") === null ? "" : text(name);
  filters.cursor = text("cursor");
  return filters;
}

/** For the address: only what is set, in a fixed order, so that equal filters have equal addresses. */
export function toQuery(filters: Filters): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of LISTS) if (filters[name].length) query[name] = filters[name].join(",");
  for (const name of WORDS) if (filters[name].trim()) query[name] = filters[name].trim();
  for (const name of ["from", "to", "cursor"] as const) if (filters[name]) query[name] = filters[name];
  return query;
}

/** For the server: both days of a span are in it, so the end is the beginning of the day after. */
export function toParams(filters: Filters, zone: string): Record<string, string> {
  const { from, to, ...rest } = toQuery(filters);
  const begin = from ? startOfDay(from, zone) : null;
  const end = to ? startOfDay(nextDay(to), zone) : null;
  return { ...rest, ...(begin === null ? {} : { from: String(begin) }), ...(end === null ? {} : { to: String(end) }) };
}

export function isSet(filters: Filters): boolean {
  return Object.keys(toQuery({ ...filters, cursor: "" })).length > 0;
}
