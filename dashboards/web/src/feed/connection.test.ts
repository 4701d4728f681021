import { beforeEach, describe, expect, it } from "vitest";
import type { Card } from "../contract";
import { Connection, SILENT_MS, TICK_MS, type StreamEvents, type World } from "./connection";
import { Holder } from "./holder";
import type { FromHolder } from "./message";

/** Time that moves when told to, and streams that the test speaks through. */
class Made implements World {
  at = 1_000_000;
  opened: { url: string; events: StreamEvents; open: boolean }[] = [];
  loggedIn = true;
  private timers = new Map<number, { at: number; action: () => void }>();
  private next = 1;

  open(url: string, events: StreamEvents) {
    const stream = { url, events, open: true };
    this.opened.push(stream);
    return { close: () => void (stream.open = false) };
  }
  isLoggedIn() {
    return Promise.resolve(this.loggedIn);
  }
  now() {
    return this.at;
  }
  random() {
    return 1;
  }
  later(action: () => void, ms: number) {
    this.timers.set(this.next, { at: this.at + ms, action });
    return this.next++;
  }
  forget(timer: number) {
    this.timers.delete(timer);
  }
  pass(ms: number) {
    const end = this.at + ms;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.at = Math.max(this.at, due[1].at);
      due[1].action();
    }
    this.at = end;
  }
  /** The machine slept: time went on, no timer ran. */
  sleep(ms: number) {
    this.at += ms;
  }
  get last() {
    const found = this.opened.at(-1);
    if (!found) throw new Error("nothing opened");
    return found;
  }
  say(name: string, data: unknown, id = "") {
    this.last.events.onEvent(name, JSON.stringify(data), id);
  }
  get open_count() {
    return this.opened.filter((stream) => stream.open).length;
  }
}

const card = (alert_id: string, revision = 1) => ({ alert_id, revision }) as Card;

describe("a connection", () => {
  let world: Made;
  let heard: string[];
  let connection: Connection;

  beforeEach(() => {
    world = new Made();
    heard = [];
    connection = new Connection(world, {
      link: (link) => heard.push(link.state),
      card: (one) => heard.push(one.alert_id),
      clocks: () => heard.push("clocks"),
      missed: () => heard.push("missed"),
      resumed: () => heard.push("resumed"),
    });
    connection.start(true);
    world.say("hello", { id: "h0", missed: false });
  });

  it("resumes after a break by the id of the last alert", () => {
    world.say("alert", card("A"), "a 1");
    world.last.events.onBroken();
    expect(connection.link.state).toBe("waiting");
    world.pass(600);
    expect(world.last.url).toBe("/api/stream?since=a%201");
    world.say("hello", { id: "a 1", missed: false });
    expect(heard.slice(-2)).toEqual(["live", "resumed"]);
    expect(world.open_count).toBe(1);
  });

  it("resumes by the id of the greeting when no alert came", () => {
    world.last.events.onBroken();
    world.pass(600);
    expect(world.last.url).toBe("/api/stream?since=h0");
  });

  it("keeps the last alert's id when a later greeting names another", () => {
    world.say("alert", card("A"), "a1");
    world.say("bye", { why: "slow" });
    world.say("hello", { id: "a9", missed: false });
    world.say("bye", { why: "slow" });
    expect(world.last.url).toBe("/api/stream?since=a1");
  });

  it("takes the new position when the log no longer has the old one", () => {
    world.say("bye", { why: "slow" });
    world.say("hello", { id: "z9", missed: true });
    expect(heard.at(-1)).toBe("missed");
    world.say("bye", { why: "slow" });
    expect(world.last.url).toBe("/api/stream?since=z9");
  });

  it("waits longer with every failure, never past fifteen seconds", () => {
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      world.last.events.onBroken();
      waits.push((connection.link.retry_at ?? 0) - world.at);
      world.pass(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  it("opens anew after sleep", () => {
    world.sleep(3_600_000);
    world.pass(TICK_MS);
    expect(world.opened.length).toBe(2);
    expect(world.open_count).toBe(1);
  });

  it("opens anew when the server falls silent", () => {
    world.pass(SILENT_MS + 2 * TICK_MS);
    expect(world.opened.length).toBe(2);
  });

  it("stays while the server's clock ticks", () => {
    for (let n = 0; n < 30; n++) {
      world.pass(TICK_MS);
      world.say("clock", { clocks: [], sources: [] });
    }
    expect(world.opened.length).toBe(1);
  });

  it("hears nothing of a stream it has left", () => {
    const old = world.last;
    world.say("bye", { why: "slow" });
    old.events.onEvent("alert", JSON.stringify(card("OLD")), "o1");
    old.events.onBroken();
    expect(heard).not.toContain("OLD");
    expect(connection.link.state).toBe("connecting");
  });

  it("ends at logout and stays ended", () => {
    world.say("bye", { why: "logout" });
    world.pass(600_000);
    expect(connection.link.state).toBe("ended");
    expect(world.open_count).toBe(0);
  });

  it("ends when the session no longer holds", async () => {
    world.loggedIn = false;
    world.last.events.onBroken();
    await Promise.resolve();
    await Promise.resolve();
    expect(connection.link.state).toBe("ended");
    world.pass(600_000);
    expect(world.open_count).toBe(0);
  });

  it("comes back at once when asked", () => {
    world.last.events.onBroken();
    connection.retry();
    expect(connection.link.state).toBe("connecting");
  });
});

describe("the holder of the stream", () => {
  const tab = () => {
    const heard: FromHolder[] = [];
    return { heard, say: (message: FromHolder) => void heard.push(message) };
  };

  it("opens one stream for many tabs and tells a late one what came before", () => {
    const world = new Made();
    const holder = new Holder(world);
    const [one, two] = [tab(), tab()];
    holder.join(one.say);
    holder.hear({ kind: "start", who: "li" }, one.say);
    world.say("hello", { id: "0", missed: false });
    world.say("alert", card("A"), "1");
    holder.join(two.say);
    holder.hear({ kind: "start", who: "li" }, two.say);
    expect(world.opened.length).toBe(1);
    expect(two.heard).toContainEqual({ kind: "recent", cards: [card("A")] });
    expect(one.heard.filter((message) => message.kind === "recent")).toEqual([]);
  });

  it("shows another user nothing of what the last one heard, and starts from now", () => {
    const world = new Made();
    const holder = new Holder(world);
    const [one, two] = [tab(), tab()];
    holder.join(one.say);
    holder.hear({ kind: "start", who: "li" }, one.say);
    world.say("hello", { id: "0", missed: false });
    world.say("alert", card("SECRET"), "1");
    holder.hear({ kind: "stop" }, one.say);
    holder.join(two.say);
    holder.hear({ kind: "start", who: "wang" }, two.say);
    expect(two.heard.some((message) => message.kind === "recent")).toBe(false);
    expect(world.last.url).toBe("/api/stream");
  });

  it("tells no tab that it ended when it begins", () => {
    const world = new Made();
    const holder = new Holder(world);
    const one = tab();
    holder.join(one.say);
    holder.hear({ kind: "start", who: "li" }, one.say);
    world.say("hello", { id: "0", missed: false });
    expect(one.heard.flatMap((message) => (message.kind === "link" ? [message.link.state] : []))).not.toContain("ended");
  });

  it("tells the tabs of the user before that theirs has ended", () => {
    const world = new Made();
    const holder = new Holder(world);
    const [one, two] = [tab(), tab()];
    holder.join(one.say);
    holder.hear({ kind: "start", who: "li" }, one.say);
    holder.join(two.say);
    holder.hear({ kind: "start", who: "wang" }, two.say);
    expect(one.heard).toContainEqual({ kind: "link", link: { state: "ended", retry_at: null } });
  });

  it("forgets tabs that left", () => {
    const world = new Made();
    const holder = new Holder(world);
    const one = tab();
    holder.join(one.say);
    holder.hear({ kind: "start", who: "li" }, one.say);
    holder.leave(one.say);
    const before = one.heard.length;
    world.say("hello", { id: "0", missed: false });
    expect(one.heard.length).toBe(before);
  });
});
