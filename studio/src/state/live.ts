/** Other pages on the same library: what they change is seen here. */

import { signal } from "@preact/signals";
import type { Changes, Id } from "../api/types";
import { clipOf, isHere, refreshClips } from "./clips";
import { loadFamily } from "./family";
import { fault } from "./notices";
import { chosen, rival, view } from "./place";
import { auditioning, grid } from "./takes";
import { found, searchSoon } from "./library";

const CALM = 200; // milliseconds: a burst of takes is looked at once, after its sounds were fetched

export const connected = signal(true);
const waiting = new Set<Id>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function listen(): void {
  const source = new EventSource("/v1/events");
  source.addEventListener("open", () => (connected.value = true));
  source.addEventListener("error", () => {
    connected.value = false;
    // The browser tries again by itself, unless the server answered with an error.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
  source.addEventListener("changes", (event) => {
    const changes = JSON.parse((event as MessageEvent<string>).data) as Changes;
    for (const id of changes.ids) waiting.add(id);
    for (const id of changes.gone) gone(id);
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), CALM);
  });
}

/** Purged for good, here or elsewhere. */
function gone(id: Id): void {
  clipOf(id).value = null;
  grid.value = grid.peek().filter((other) => other !== id);
  found.value = found.peek().filter((other) => other !== id);
}

async function refresh(): Promise<void> {
  if (auditioning.peek()) return void (timer = setTimeout(() => void refresh(), CALM));
  const ids = [...waiting];
  waiting.clear();
  const shown = new Set([
    ...grid.peek(),
    chosen.peek(),
    rival.peek(),
    ...(view.peek() === "library" ? found.peek() : []),
  ]);
  try {
    await refreshClips(ids.filter((each) => shown.has(each)));
    grid.value = grid.peek().filter((id) => id === null || !ids.includes(id) || isHere(id));
  } catch (error) {
    fault(error);
  }
  if (view.peek() === "library") searchSoon(0);
  else if (
    ids.some((id) =>
      clipOf(id)
        .peek()
        ?.parents.includes(chosen.peek() ?? ""),
    )
  )
    void loadFamily();
}
