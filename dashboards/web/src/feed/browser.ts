// The real world of a connection: EventSource, fetch and timers, in a worker as in a page.
import type { World } from "./connection";

const NAMES = ["hello", "alert", "clock", "bye"] as const;

export const browser: World = {
  open(url, events) {
    const source = new EventSource(url);
    for (const name of NAMES) {
      source.addEventListener(name, (event) => events.onEvent(name, event.data as string, event.lastEventId));
    }
    // It would come back by itself, but says neither when nor why it does not: the connection does that.
    source.onerror = () => {
      source.close();
      events.onBroken();
    };
    return source;
  },
  isLoggedIn: async () => (await fetch("/api/me", { credentials: "same-origin" })).status !== 401,
  now: () => Date.now(),
  later: (action, ms) => setTimeout(action, ms) as unknown as number,
  forget: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};
