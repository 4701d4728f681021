// Chinese first, English beside it: the locale files that the server reads too. The choice is remembered.
import { createI18n } from "vue-i18n";
import en from "../../locale/en.json";
import zh from "../../locale/zh.json";
import type { Both } from "./contract";

export type Language = "zh" | "en";
const REMEMBERED = "language";

function first(): Language {
  const kept = localStorage.getItem(REMEMBERED);
  return kept === "en" || kept === "zh" ? kept : "zh";
}

export const i18n = createI18n({ legacy: false, locale: first(), fallbackLocale: "zh", messages: { zh, en } });

/** The words, typed enough for templates and modules alike. */
export const t = i18n.global.t as (key: string, values?: Record<string, unknown>) => string;

export function language(): Language {
  return i18n.global.locale.value as Language;
}

export function choose(wanted: Language): void {
  i18n.global.locale.value = wanted;
  localStorage.setItem(REMEMBERED, wanted);
  say();
}

export function say(): void {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
}

/** A text in the reader's language; the other one where it is missing. */
export function both(text: Both | null | undefined): string {
  if (!text) return "";
  return text[language()] || text.zh || text.en;
}

/** A word of a closed list; what the list lacks stays as it came. */
export function word(list: string, name: string | null | undefined): string {
  if (!name) return "";
  const key = `${list}.${name}`;
  return i18n.global.te(key) ? t(key) : name;
}

/** A limit as the catalogue writes it, `2 working_day`, in the reader's words. */
export function limit(written: string): string {
  const found = /^(\d+) ([a-z_]+)$/.exec(written);
  const key = `limit.${found?.[2] ?? ""}`;
  return found && i18n.global.te(key) ? t(key, { n: found[1] }) : written;
}
