// Cards in the order a wall shows them: each once, at its newest revision, the latest published first.
import type { Card, Place } from "../contract";

/** The list with one more card in it. A card that is there stays in its place, so that a revocation is seen where one looked. */
export function take(list: readonly Card[], card: Card, most: number): Card[] {
  const place = list.findIndex((held) => held.alert_id === card.alert_id);
  if (place < 0) return [card, ...list].slice(0, most);
  if ((list[place] as Card).revision >= card.revision) return [...list];
  return list.map((held, index) => (index === place ? card : held));
}

/** What was read, and what the stream brought meanwhile: the newer revision of each. */
export function join(read: readonly Card[], heard: readonly Card[], most: number): Card[] {
  const newest = new Map<string, Card>();
  for (const card of [...read, ...heard]) {
    const held = newest.get(card.alert_id);
    if (!held || held.revision < card.revision) newest.set(card.alert_id, card);
  }
  return [...newest.values()].sort(byPublication).slice(0, most);
}

export function byPublication(a: Card, b: Card): number {
  return (b.issued_wall ?? 0) - (a.issued_wall ?? 0) || (a.alert_id < b.alert_id ? -1 : 1);
}

export function isWithin(card: Card, place: Place): boolean {
  if (place.kind === "region") return (card.region_code ?? "").startsWith(prefix(place.code));
  if (place.kind === "centre") return card.centre_id === place.code;
  if (place.kind === "department") return place.key === `department:${card.centre_id ?? ""}/${card.department_id ?? ""}`;
  return true;
}

/** A GB/T 2260 code without the pairs of zeros that mean "all of it". */
function prefix(code: string): string {
  return code.replace(/(00)+$/, "");
}
