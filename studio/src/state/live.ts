/** Other pages on the same library: what they change is seen here. */

import { signal } from "@preact/signals";
import { listenTo, type Word } from "../api/stream";
import type { Changes, Id } from "../api/types";
import { clipOf, isHere, refreshClips } from "./clips";
import { loadFamily } from "./family";
import { poll } from "./jobs";
import { fault } from "./notices";
import { choose, chosen, view } from "./place";
import { auditioning, grid } from "./takes";
import { takeIn } from "./library";

const CALM = 200; // milliseconds: a burst of takes is looked at once, after its sounds were fetched

export const connected = signal(true);
const waiting = new Set<Id>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Listens by one stream for all windows; by one of its own where the browser has no shared workers, or bars them. */
export function listen(): void {
  const alone = (): void => void listenTo(null, hear);
  try {
    const worker = new SharedWorker(new URL("../api/worker.ts", import.meta.url), { type: "module" });
    worker.onerror = alone;
    worker.port.onmessage = (event: MessageEvent<Word>) => hear(event.data);
  } catch {
    alone();
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? soon() : catchUp()));
}

function hear(word: Word): void {
  if ("changes" in word) return take(word.changes);
  connected.value = word.connected;
  if (word.connected && !document.hidden) void poll(); // jobs may have ended while nobody listened
}

function take(changes: Changes): void {
  for (const id of changes.ids) waiting.add(id);
  for (const id of changes.gone) gone(id);
  soon();
}

/** A window that nobody sees asks for no sounds: the connections are for those that are worked in. */
function catchUp(): void {
  void poll();
  soon();
}

/** Looks when it is calm; not at all while the window is hidden, where what waited to be looked at goes on waiting. */
function soon(): void {
  clearTimeout(timer);
  if (waiting.size && !document.hidden) timer = setTimeout(() => void refresh(), CALM);
}

/** Purged for good, here or elsewhere. */
function gone(id: Id): void {
  clipOf(id).value = null;
  if (chosen.peek() === id) choose(null);
  grid.value = grid.peek().filter((other) => other !== id);
}

async function refresh(): Promise<void> {
  if (auditioning.peek()) return soon();
  const ids = [...waiting];
  waiting.clear();
  try {
    await refreshClips(ids.filter((id) => clipOf(id).peek()));
    grid.value = grid.peek().filter((id) => id === null || !ids.includes(id) || isHere(id));
    if (document.hidden) return ids.forEach((id) => waiting.add(id)); // hidden meanwhile
    if (view.peek() === "library") await takeIn(ids);
  } catch (error) {
    fault(error);
  }
  if (view.peek() === "studio" && ids.some(mayBeChild)) void loadFamily();
}

/** Of a sound that another window has made, nothing is known but that it is there. */
function mayBeChild(id: Id): boolean {
  const clip = clipOf(id).peek();
  return clip === null || clip.parents.includes(chosen.peek() ?? "");
}
