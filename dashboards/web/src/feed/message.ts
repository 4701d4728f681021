// What the holder of the event stream and the tabs tell each other. Plain data: it passes through a worker's port.
import type { Card, Clock, Source } from "../contract";

export type LinkState = "connecting" | "live" | "waiting" | "ended";

export interface Link {
  state: LinkState;
  retry_at: number | null; // wall time of the next attempt, while waiting
}

export interface Clocks {
  clocks: Clock[];
  sources: Source[];
  heard_wall: number;
}

export type FromHolder =
  | { kind: "link"; link: Link }
  | { kind: "recent"; cards: Card[] } // what came before this tab was there, oldest first
  | { kind: "card"; card: Card }
  | { kind: "clocks"; clocks: Clocks }
  | { kind: "missed" } // the log no longer has what we had not heard: read everything again
  | { kind: "resumed" }; // live again after a break, nothing lost

export type ToHolder = { kind: "start"; who: string } | { kind: "stop" } | { kind: "retry" };
