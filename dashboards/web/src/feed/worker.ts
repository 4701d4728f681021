// The SharedWorker: one stream for all tabs of this browser.
import { browser } from "./browser";
import { Holder } from "./holder";
import type { FromHolder, ToHolder } from "./message";

const holder = new Holder(browser);

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0] as MessagePort;
  const say = (message: FromHolder) => port.postMessage(message);
  holder.join(say);
  port.addEventListener("message", (heard: MessageEvent<ToHolder | { kind: "leave" }>) => {
    if (heard.data.kind === "leave") holder.leave(say);
    else holder.hear(heard.data, say);
  });
  port.start();
});

addEventListener("online", () => holder.hear({ kind: "retry" }, () => undefined));
