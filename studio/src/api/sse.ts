/** Server-sent events out of a fetch response: EventSource can neither POST nor be aborted together with its job. */

import { brokenOff, isAbort } from "./http";

export interface ServerEvent {
  event: string;
  data: string;
}

/** Splits text, as it comes in pieces, into events; keeps what is not complete yet. */
export class EventParser {
  private rest = "";

  push(piece: string): ServerEvent[] {
    this.rest += piece;
    const found: ServerEvent[] = [];
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.rest);
      if (!end) return found;
      const event = parseEvent(this.rest.slice(0, end.index));
      this.rest = this.rest.slice(end.index + end[0].length);
      if (event) found.push(event);
    }
  }
}

function parseEvent(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { event, data: data.join("\n") } : null; // a comment keeps the line alive, no more
}

export async function* eventsOf(response: Response): AsyncGenerator<ServerEvent> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(lost);
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined); // already closed is just as well
  }
}

/** A browser says only "network error" when the line is lost. */
function lost(error: unknown): never {
  throw isAbort(error) ? error : brokenOff();
}
