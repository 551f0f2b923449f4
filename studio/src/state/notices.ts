/** Short messages: seen as toasts, and heard from a screen reader's live regions. */

import { signal } from "@preact/signals";
import { ApiError, isAbort } from "../api/http";

export interface Notice {
  key: number;
  text: string;
  tone: "plain" | "bad";
  action?: { label: string; run: () => void };
}

export const notices = signal<Notice[]>([]);
/** What is only said, not shown: arriving takes, moves in the grid. */
export const said = signal("");

let next = 1;

export function say(text: string): void {
  said.value = said.peek() === text ? `${text}\u00a0` : text; // the same words again must be read again
}

export function note(
  text: string,
  options: Partial<Pick<Notice, "tone" | "action">> & { seconds?: number } = {},
): number {
  const { seconds = 6, tone = "plain", action } = options;
  const key = next++;
  const notice: Notice = { key, text, tone, ...(action ? { action } : {}) };
  notices.value = [...notices.peek().filter((other) => other.text !== text || other.action), notice].slice(-4);
  setTimeout(() => dismiss(key), seconds * 1000);
  return key;
}

export function dismiss(key: number): void {
  notices.value = notices.peek().filter((notice) => notice.key !== key);
}

/** Shows what went wrong, and with what; an aborted request is no fault. */
export function fault(error: unknown, what = ""): void {
  if (isAbort(error)) return;
  if (!(error instanceof ApiError)) console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  note(what ? `${what}: ${message}` : message, { tone: "bad", seconds: 12 });
}

/** Runs something asynchronous from an event handler; faults are shown. */
export function attempt(work: () => Promise<unknown>): void {
  work().catch(fault);
}
