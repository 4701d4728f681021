// The pages by address, and who may open them: without a session the login, with a first password the account.
import { createRouter, createWebHistory } from "vue-router";
import { link, start } from "./feed/feed";
import { me, whoever } from "./session";

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, _, saved) => saved ?? (to.hash ? { el: to.hash } : { top: 0 }),
  routes: [
    { path: "/", name: "wall", component: () => import("./pages/WallPage.vue"), meta: { title: "wall.title" } },
    { path: "/login", name: "login", component: () => import("./pages/LoginPage.vue"), meta: { title: "login.title", open: true } },
    { path: "/alerts/:id", name: "alert", component: () => import("./pages/AlertPage.vue"), meta: { title: "card.title" } },
    { path: "/history", name: "history", component: () => import("./pages/HistoryPage.vue"), meta: { title: "history.title" } },
    { path: "/cases/:source/:id", name: "case", component: () => import("./pages/CasePage.vue"), meta: { title: "case.title" } },
    { path: "/rules", name: "rules", component: () => import("./pages/RulesPage.vue"), meta: { title: "rules.title" } },
    { path: "/rules/:id", name: "rule", component: () => import("./pages/RulePage.vue"), meta: { title: "rules.title" } },
    { path: "/account", name: "account", component: () => import("./pages/AccountPage.vue"), meta: { title: "account.title" } },
    { path: "/:rest(.*)*", name: "nowhere", component: () => import("./pages/NowherePage.vue"), meta: { title: "app.not_found" } },
  ],
});

let asking: ReturnType<typeof setTimeout> | undefined;

/** The server could not say who is looking: asked again until it can, and then the page is opened once more. */
function askAgain(): void {
  clearTimeout(asking);
  asking = setTimeout(() => {
    const { path, query, hash } = router.currentRoute.value;
    whoever().then(() => router.replace({ path, query, hash, force: true }), askAgain);
  }, 5_000);
}

router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  try {
    await whoever();
  } catch {
    askAgain();
    return true; // the page itself says that nothing can be read, and why
  }
  if (!me.value) return { name: "login", query: to.fullPath === "/" ? {} : { next: to.fullPath } };
  if (me.value.must_change_password) return to.name === "account" ? true : { name: "account" }; // nothing else is open before
  if (link.value.state !== "live") start(me.value.username);
  return true;
});

// A new page begins at its top, for whoever listens to it or walks it by keyboard.
router.afterEach((to, from) => {
  if (from.name && to.path !== from.path) requestAnimationFrame(() => document.getElementById("content")?.focus({ preventScroll: true }));
});

// The server was renewed while this page was open: what it would load now has other names. Once, or a fault would load for ever.
router.onError((error: Error, to) => {
  const last = Number(sessionStorage.getItem("renewed"));
  if (!/imported module|module script|preload CSS/i.test(error.message) || Date.now() - last < 60_000) return;
  sessionStorage.setItem("renewed", String(Date.now()));
  location.assign(to.fullPath);
});
