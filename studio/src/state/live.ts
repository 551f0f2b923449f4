/** Other pages on the same library: what they change is seen here. */

import { signal } from "@preact/signals";
import type { Changes, Id } from "../api/types";
import { clipOf, isHere, refreshClips } from "./clips";
import { loadFamily } from "./family";
import { poll } from "./jobs";
import { fault } from "./notices";
import { choose, chosen, view } from "./place";
import { auditioning, grid } from "./takes";
import { takeIn } from "./library";

const CALM = 200; // milliseconds: a burst of takes is looked at once, after its sounds were fetched
const AGAIN = 3000; // milliseconds until the next try where the browser makes none by itself

export const connected = signal(true);
const waiting = new Set<Id>();
let timer: ReturnType<typeof setTimeout> | undefined;
let source: EventSource | null = null;
/** The number of the last change that was heard of. */
let serial: number | null = null;

/** Listens while the page is seen: a browser opens six connections to one server, for all of its windows together. */
export function listen(): void {
  document.addEventListener("visibilitychange", attend);
  attend();
}

function attend(): void {
  if (document.hidden) {
    source?.close();
    source = null;
  } else source ??= open();
}

/** The server begins with what changed since it was heard last. */
function open(): EventSource {
  const mine = new EventSource(serial === null ? "/v1/events" : `/v1/events?since=${serial}`);
  mine.addEventListener("open", () => {
    connected.value = true;
    void poll(); // jobs may have ended while nobody listened
  });
  mine.addEventListener("error", () => {
    connected.value = false;
    // The browser tries again by itself, unless the server answered with an error.
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === source && openAgain(), AGAIN);
  });
  mine.addEventListener("changes", (event) => hear(JSON.parse((event as MessageEvent<string>).data) as Changes));
  return mine;
}

function openAgain(): void {
  source = null;
  attend();
}

function hear(changes: Changes): void {
  serial = changes.serial;
  for (const id of changes.ids) waiting.add(id);
  for (const id of changes.gone) gone(id);
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), CALM);
}

/** Purged for good, here or elsewhere. */
function gone(id: Id): void {
  clipOf(id).value = null;
  if (chosen.peek() === id) choose(null);
  grid.value = grid.peek().filter((other) => other !== id);
}

async function refresh(): Promise<void> {
  if (auditioning.peek()) return void (timer = setTimeout(() => void refresh(), CALM));
  const ids = [...waiting];
  waiting.clear();
  try {
    await refreshClips(ids.filter((id) => clipOf(id).peek()));
    grid.value = grid.peek().filter((id) => id === null || !ids.includes(id) || isHere(id));
    if (view.peek() === "library") await takeIn(ids);
  } catch (error) {
    fault(error);
  }
  if (view.peek() === "studio" && ids.some(isChild)) void loadFamily();
}

const isChild = (id: Id): boolean => clipOf(id).peek()?.parents.includes(chosen.peek() ?? "") ?? false;
