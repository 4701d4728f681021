// The stream as a tab sees it: the state of the link, the clocks, and every card that comes. Pages subscribe and unsubscribe.
import { onScopeDispose, ref, shallowRef } from "vue";
import type { Card } from "../contract";
import { browser } from "./browser";
import { Holder } from "./holder";
import type { Clocks, FromHolder, Link, ToHolder } from "./message";

export const link = ref<Link>({ state: "connecting", retry_at: null });
export const clocks = shallowRef<Clocks | null>(null);
/** Whether all tabs share one stream. */
export const shared = ref(typeof SharedWorker !== "undefined");
const ANSWERS_WITHIN_MS = 10_000;

interface Hearing {
  card?(card: Card): void;
  missed?(): void;
  resumed?(): void;
}

const hearings = new Set<Hearing>();
let recent: Card[] = [];
let say: ((message: ToHolder) => void) | null = null;
let ended: () => void = () => undefined;
let started = false;

export function onEnded(action: () => void): void {
  ended = action;
}

export function start(who: string): void {
  say ??= shared.value ? viaWorker(() => fallBack(who)) : inPage();
  started = true;
  say({ kind: "start", who });
}

/** The worker did not load or does not answer: a stream of this page's own, rather than none. */
function fallBack(who: string): void {
  shared.value = false;
  say = inPage();
  if (started) say({ kind: "start", who });
}

/** At logout: nothing that was heard is kept. */
export function stop(): void {
  started = false;
  recent = [];
  clocks.value = null;
  say?.({ kind: "stop" });
}

export function retry(): void {
  say?.({ kind: "retry" });
}

/** For as long as the component lives. Cards that came while no page listened are told at once, oldest first. */
export function listen(hearing: Hearing): void {
  hearings.add(hearing);
  onScopeDispose(() => hearings.delete(hearing));
  for (const card of recent) hearing.card?.(card);
}

function hear(message: FromHolder): void {
  if (message.kind === "link") linked(message.link);
  else if (message.kind === "clocks") clocks.value = message.clocks;
  else if (message.kind === "card") tell(message.card);
  else if (message.kind === "recent") message.cards.forEach(tell);
  else if (message.kind === "missed") {
    recent = [];
    for (const hearing of hearings) hearing.missed?.();
  } else for (const hearing of hearings) hearing.resumed?.();
}

function linked(now: Link): void {
  const was = link.value.state;
  link.value = now;
  if (started && was !== "ended" && now.state === "ended") ended();
}

function tell(card: Card): void {
  recent = [...recent.slice(-299), card];
  for (const hearing of hearings) hearing.card?.(card);
}

function viaWorker(failed: () => void): (message: ToHolder) => void {
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "feed" });
  const giveUp = () => {
    clearTimeout(timer);
    worker.onerror = worker.port.onmessage = null;
    worker.port.postMessage({ kind: "leave" });
    failed();
  };
  const timer = setTimeout(giveUp, ANSWERS_WITHIN_MS);
  worker.onerror = giveUp;
  worker.port.onmessage = (event: MessageEvent<FromHolder>) => {
    clearTimeout(timer);
    hear(event.data);
  };
  addEventListener("pagehide", (event) => {
    if (!event.persisted) worker.port.postMessage({ kind: "leave" });
  });
  return (message) => worker.port.postMessage(message);
}

function inPage(): (message: ToHolder) => void {
  const holder = new Holder(browser);
  holder.join(hear);
  addEventListener("online", retry);
  return (message) => holder.hear(message, hear);
}
