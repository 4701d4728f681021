// Holds the one stream for any number of tabs, with the latest cards for a tab that comes later. Runs in the SharedWorker, or in the
// page itself where a browser has none.
import type { Card } from "../contract";
import { Connection, type World } from "./connection";
import type { Clocks, FromHolder, ToHolder } from "./message";

const KEPT = 300;
type Say = (message: FromHolder) => void;

export class Holder {
  private readonly tabs = new Set<Say>();
  private readonly connection: Connection;
  private recent: Card[] = [];
  private clocks: Clocks | null = null;
  private who: string | null = null;

  constructor(world: World) {
    this.connection = new Connection(world, {
      link: (link) => this.tell({ kind: "link", link }),
      card: (card) => {
        this.recent = [...this.recent.slice(1 - KEPT), card];
        this.tell({ kind: "card", card });
      },
      clocks: (clocks, sources) => {
        this.clocks = { clocks, sources, heard_wall: world.now() };
        this.tell({ kind: "clocks", clocks: this.clocks });
      },
      missed: () => {
        this.recent = [];
        this.tell({ kind: "missed" });
      },
      resumed: () => this.tell({ kind: "resumed" }),
    });
  }

  join(say: Say): void {
    this.tabs.add(say);
  }

  leave(say: Say): void {
    this.tabs.delete(say);
  }

  hear(message: ToHolder, say: Say): void {
    if (message.kind === "stop") this.forget();
    else if (message.kind === "retry") this.connection.retry();
    else this.start(message.who, say);
  }

  private start(who: string, say: Say): void {
    const same = who === this.who;
    if (!same) this.forget();
    this.who = who;
    if (this.connection.link.state === "ended") this.connection.start(!same);
    say({ kind: "link", link: this.connection.link });
    if (this.recent.length) say({ kind: "recent", cards: this.recent });
    if (this.clocks) say({ kind: "clocks", clocks: this.clocks });
  }

  /** Nobody else may see what one user heard. */
  private forget(): void {
    this.who = null;
    this.recent = [];
    this.clocks = null;
    this.connection.stop();
  }

  private tell(message: FromHolder): void {
    for (const say of this.tabs) say(message);
  }
}
