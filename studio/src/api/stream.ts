/** The server's word of what changed in the library, and whether the line to it holds. */

import type { Changes } from "./types";

export type Word = { connected: boolean } | { changes: Changes };

const AGAIN = 3000; // milliseconds until the next try where the browser makes none by itself

/** Listens until it is told to stop. The first word of changes tells what came after `since`. */
export function listenTo(since: number | null, tell: (word: Word) => void): () => void {
  let serial = since;
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    source = new EventSource(serial === null ? "/v1/events" : `/v1/events?since=${serial}`);
    source.addEventListener("open", () => tell({ connected: true }));
    source.addEventListener("error", () => {
      tell({ connected: false });
      // The browser tries again by itself, unless the server answered with an error.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
    });
    source.addEventListener("changes", (event) => {
      const changes = JSON.parse((event as MessageEvent<string>).data) as Changes;
      serial = changes.serial;
      tell({ changes });
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
