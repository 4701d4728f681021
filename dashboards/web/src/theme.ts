// Light, dark or as the system has it, remembered. Wall mode is always dark and larger.
import { ref, watchEffect } from "vue";

export type Theme = "auto" | "light" | "dark";
const REMEMBERED = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = ref(system.matches);
const kept = localStorage.getItem(REMEMBERED);

export const theme = ref<Theme>(kept === "light" || kept === "dark" ? kept : "auto");
export const wallMode = ref(false);
/** Whether the page is dark now: charts draw by it. */
export const dark = ref(false);

export function follow(): void {
  system.addEventListener("change", (event) => (systemDark.value = event.matches));
  watchEffect(() => {
    dark.value = wallMode.value || theme.value === "dark" || (theme.value === "auto" && systemDark.value);
    document.documentElement.classList.toggle("dark", dark.value);
    document.documentElement.classList.toggle("wall", wallMode.value);
  });
}

export function chooseTheme(wanted: Theme): void {
  theme.value = wanted;
  localStorage.setItem(REMEMBERED, wanted);
}
