// The beginning: language and appearance as they were left, then the page that the address names.
import "element-plus/es/components/base/style/css.mjs";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/element.css";
import { createApp } from "vue";
import App from "./App.vue";
import { onUnauthenticated } from "./api";
import { onEnded, stop } from "./feed/feed";
import { i18n, say } from "./i18n";
import { router } from "./router";
import { forget, me } from "./session";
import { follow } from "./theme";

/** The session is over, wherever that was noticed. */
function ended(): void {
  if (!me.value) return;
  stop();
  forget();
  void router.push({ name: "login", query: { next: router.currentRoute.value.fullPath, ended: "1" } });
}

say();
follow();
onUnauthenticated(ended);
onEnded(ended);
createApp(App).use(i18n).use(router).mount("#app");
