// Reading something for as long as a page shows it: the last question wins, an answer that comes too late is dropped.
import { onScopeDispose, ref, shallowRef, watch } from "vue";

export function useLoaded<K, T>(key: () => K, read: (key: K, signal: AbortSignal) => Promise<T>) {
  const value = shallowRef<T | null>(null);
  const error = shallowRef<unknown>(null);
  const busy = ref(false);
  let running: AbortController | null = null;

  async function load(keep = true): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    if (!keep) value.value = null;
    busy.value = true;
    try {
      const found = await read(key(), mine.signal);
      if (mine !== running) return;
      value.value = found;
      error.value = null;
    } catch (failure) {
      if (mine !== running || (failure instanceof DOMException && failure.name === "AbortError")) return;
      error.value = failure;
    } finally {
      if (mine === running) busy.value = false;
    }
  }

  watch(key, () => void load(false), { immediate: true });
  onScopeDispose(() => running?.abort());
  return { value, error, busy, load };
}
