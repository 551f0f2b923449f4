/** What survives a reload: small things in localStorage, the place in the page in the address. */

import { effect, signal, type Signal } from "@preact/signals";

const PREFIX = "soundctm.";

function read<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + key);
    if (text === null) return fallback;
    const value: unknown = JSON.parse(text);
    // Values of another shape come from another version of the page.
    if (typeof value !== typeof fallback || Array.isArray(value) !== Array.isArray(fallback)) return fallback;
    const plain = typeof fallback === "object" && fallback !== null && !Array.isArray(fallback);
    return (plain ? { ...fallback, ...(value as object) } : value) as T;
  } catch {
    return fallback; // storage is barred or damaged: start afresh
  }
}

/** A signal that is written to storage whenever it changes. */
export function remembered<T>(key: string, fallback: T): Signal<T> {
  const value = signal(read(key, fallback));
  effect(() => {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value.value));
    } catch {
      // Full or barred: the page works, it only forgets.
    }
  });
  return value;
}
