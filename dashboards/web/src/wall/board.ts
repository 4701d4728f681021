// The wall's data: read again every few seconds and soon after a card, with the stream's cards laid over what was read.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { api } from "../api";
import type { Card, Wall } from "../contract";
import { isWithin, join, take } from "../feed/cards";
import { listen } from "../feed/feed";

const EVERY_MS = 10_000;
const AFTER_CARD_MS = 1_500;
const SHORTEST_MS = 3_000;
export const SHOWN = 50;
const FRESH_MS = 6_000;

export function useBoard(place: () => string, clock: () => string, said: (card: Card, revision: boolean) => void) {
  const wall = shallowRef<Wall | null>(null);
  const error = shallowRef<unknown>(null);
  const readWall = ref(0);
  const cards = shallowRef<Card[]>([]);
  const fresh = ref(new Set<string>());
  const hasMissed = ref(false);
  let heard: Card[] = []; // what the stream brought, for any place and clock, newest last
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function read(): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      const found = await api.wall(clock(), place(), mine.signal);
      if (mine !== running) return;
      wall.value = found;
      readWall.value = Date.now();
      error.value = null;
      cards.value = settle(found);
    } catch (failure) {
      if (mine !== running) return;
      error.value = failure;
    }
    plan(EVERY_MS);
  }

  /** Cards that are on screen keep their place while they stay; the rest comes by publication. */
  function settle(found: Wall): Card[] {
    return join(found.newest, heard.filter((card) => isShown(card, found)), SHOWN);
  }

  function isShown(card: Card, on: Wall): boolean {
    return card.clock === on.clock.name && isWithin(card, on.place);
  }

  function plan(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void read(), ms);
  }

  function hear(card: Card): void {
    heard = [...heard.filter((held) => held.alert_id !== card.alert_id || held.revision > card.revision), card].slice(-300);
    if (!wall.value || !isShown(card, wall.value)) return;
    const held = cards.value.find((one) => one.alert_id === card.alert_id);
    if (held && held.revision >= card.revision) return;
    cards.value = take(cards.value, card, SHOWN);
    light(card.alert_id);
    said(card, held !== undefined);
    plan(Math.max(AFTER_CARD_MS, readWall.value + SHORTEST_MS - Date.now()));
  }

  function light(id: string): void {
    fresh.value = new Set([...fresh.value, id]);
    setTimeout(() => (fresh.value = new Set([...fresh.value].filter((one) => one !== id))), FRESH_MS);
  }

  listen({
    card: hear,
    missed: () => {
      heard = [];
      hasMissed.value = true;
      setTimeout(() => (hasMissed.value = false), 15_000);
      void read();
    },
    resumed: () => void read(),
  });
  watch([place, clock], () => void read(), { immediate: true });
  onScopeDispose(() => {
    running?.abort();
    clearTimeout(timer);
  });
  const isStale = computed(() => error.value !== null && wall.value !== null);
  return { wall, error, readWall, cards, fresh, hasMissed, isStale, read };
}
