/** A full server says when to come back; the page does, and says so. */

import { ApiError } from "../api/http";
import { dismiss, note } from "./notices";

const TRIES = 20;

export async function patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError) || error.retryAfter === null || tried >= TRIES) throw error;
      const seconds = Math.ceil(error.retryAfter);
      const key = note(`The studio is busy. Trying again in ${seconds} s.`, { seconds });
      try {
        await pause(error.retryAfter, signal);
      } finally {
        dismiss(key);
      }
    }
  }
}

export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer);
      reject(new DOMException("aborted", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) aborted();
    else signal?.addEventListener("abort", aborted, { once: true });
  });
}
