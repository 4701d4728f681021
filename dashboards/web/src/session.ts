// Who is looking: asked once, forgotten at logout or when the server says that the session is over.
import { ref } from "vue";
import { api, Refused, useToken } from "./api";
import type { Me } from "./contract";

export const me = ref<Me | null>(null);
let asked: Promise<void> | null = null;

/** Whoever is logged in, null if nobody; a server that cannot be reached is an error. */
export async function whoever(): Promise<Me | null> {
  asked ??= api
    .me()
    .then(enter)
    .catch((error: unknown) => {
      if (error instanceof Refused && error.status === 401) return;
      asked = null;
      throw error;
    });
  await asked;
  return me.value;
}

export function enter(who: Me): void {
  me.value = who;
  useToken(who.csrf_token);
  asked = Promise.resolve();
}

export function forget(): void {
  me.value = null;
  useToken("");
  asked = Promise.resolve();
}
