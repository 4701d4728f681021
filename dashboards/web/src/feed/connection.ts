// One connection to /api/stream that comes back by itself: after errors, after sleep, after the server said goodbye. It resumes by
// the id of the last alert it heard. Knows no DOM: what opens streams, asks the session and counts time is handed in.
import type { Card, Clock, Source } from "../contract";
import type { Link } from "./message";

export interface Stream {
  close(): void;
}

export interface StreamEvents {
  onEvent(name: string, data: string, id: string): void;
  onBroken(): void;
}

export interface World {
  open(url: string, events: StreamEvents): Stream;
  /** Whether the session still holds; rejects if the server cannot be reached. */
  isLoggedIn(): Promise<boolean>;
  now(): number;
  later(action: () => void, ms: number): number;
  forget(timer: number): void;
  random(): number;
}

export interface Listener {
  link(link: Link): void;
  card(card: Card): void;
  clocks(clocks: Clock[], sources: Source[]): void;
  missed(): void;
  resumed(): void;
}

export const SILENT_MS = 45_000; // the server speaks at least every 15 s; its clock event comes every few seconds
export const TICK_MS = 5_000;
const ASLEEP_MS = 30_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class Connection {
  private stream: Stream | null = null;
  private lastId: string | null = null;
  private heardAt = 0;
  private tickedAt = 0;
  private failures = 0;
  private timer: number | null = null;
  private ticking: number | null = null;
  private attempt = 0;
  private wasLive = false;
  link: Link = { state: "ended", retry_at: null };

  constructor(
    private readonly world: World,
    private readonly listener: Listener,
  ) {}

  /** Opens the stream; with `fresh`, from now on instead of where we were. */
  start(fresh: boolean): void {
    this.halt();
    if (fresh) {
      this.lastId = null;
      this.wasLive = false;
    }
    this.failures = 0;
    this.tickedAt = this.world.now();
    this.open();
    this.tick();
  }

  stop(): void {
    this.halt();
    if (this.link.state !== "ended") this.say("ended");
  }

  private halt(): void {
    this.drop();
    if (this.ticking !== null) this.world.forget(this.ticking);
    this.ticking = null;
  }

  /** Does not wait for the next attempt: somebody asked, or the network is back. */
  retry(): void {
    if (this.link.state === "waiting") this.open();
  }

  private open(): void {
    this.drop();
    const attempt = ++this.attempt;
    this.heardAt = this.world.now();
    this.say("connecting");
    const url = this.lastId === null ? "/api/stream" : `/api/stream?since=${encodeURIComponent(this.lastId)}`;
    this.stream = this.world.open(url, {
      onEvent: (name, data, id) => attempt === this.attempt && this.hear(name, data, id),
      onBroken: () => attempt === this.attempt && this.broken(),
    });
  }

  private hear(name: string, data: string, id: string): void {
    this.heardAt = this.world.now();
    if (name === "hello") this.greeted(JSON.parse(data) as { id: string; missed: boolean });
    else if (name === "alert") {
      if (id) this.lastId = id;
      this.listener.card(JSON.parse(data) as Card);
    } else if (name === "clock") {
      const said = JSON.parse(data) as { clocks: Clock[]; sources: Source[] };
      this.listener.clocks(said.clocks, said.sources);
    } else if (name === "bye") this.bye((JSON.parse(data) as { why: string }).why);
  }

  private greeted(said: { id: string; missed: boolean }): void {
    const before = this.wasLive;
    if (this.lastId === null || said.missed) this.lastId = said.id;
    this.failures = 0;
    this.wasLive = true;
    this.say("live");
    if (said.missed) this.listener.missed();
    else if (before) this.listener.resumed();
  }

  private bye(why: string): void {
    if (why === "logout") this.stop();
    else if (why === "slow") this.open();
    else this.broken();
  }

  private broken(): void {
    this.drop();
    const attempt = this.attempt;
    this.wait();
    // An event source does not say why it was refused; the session does.
    this.world.isLoggedIn().then(
      (holds) => {
        if (!holds && attempt === this.attempt) this.stop();
      },
      () => undefined,
    );
  }

  private wait(): void {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS);
    this.failures = Math.min(this.failures + 1, 10);
    const ms = Math.round(longest * (0.5 + this.world.random() / 2)); // spread, or all boards come back in the same instant
    this.timer = this.world.later(() => this.open(), ms);
    this.say("waiting", this.world.now() + ms);
  }

  private tick(): void {
    const now = this.world.now();
    const slept = now - this.tickedAt > ASLEEP_MS;
    const silent = this.link.state !== "waiting" && now - this.heardAt > SILENT_MS;
    this.tickedAt = now;
    this.ticking = this.world.later(() => this.tick(), TICK_MS);
    if (slept || silent) this.open();
  }

  private drop(): void {
    this.stream?.close();
    this.stream = null;
    if (this.timer !== null) this.world.forget(this.timer);
    this.timer = null;
  }

  private say(state: Link["state"], retryAt: number | null = null): void {
    this.link = { state, retry_at: retryAt };
    this.listener.link(this.link);
  }
}
