// The wall time, a second at a time, for what shows a clock or counts down.
import { onScopeDispose, ref } from "vue";
import { clocks } from "../feed/feed";
import { moved } from "../time";
import type { Clock } from "../contract";

export function useNow() {
  const now = ref(Date.now());
  const timer = setInterval(() => (now.value = Date.now()), 1000);
  onScopeDispose(() => clearInterval(timer));
  return now;
}

/** Where a clock stands at a wall time: by the stream where it has spoken of that clock, else by what was read. */
export function standing(read: Clock, readWall: number, now: number): number {
  const heard = clocks.value?.clocks.find((clock) => clock.name === read.name);
  return heard && clocks.value ? moved(heard.now, heard.rate, clocks.value.heard_wall, now) : moved(read.now, read.rate, readWall, now);
}

/** The zone of a clock by name, where one is known. */
export function zoneOf(name: string | null | undefined, known: readonly Clock[] = clocks.value?.clocks ?? []): string {
  return (known.find((clock) => clock.name === name) ?? known[0])?.time_zone ?? "Asia/Shanghai";
}
