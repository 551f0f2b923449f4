/** What becomes of deleted sounds: brought back, or deleted for good. */

import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Id } from "../api/types";
import { play } from "../audio/player";
import { bytes } from "../lib/format";
import { clipOf } from "./clips";
import { called } from "./library";
import { note } from "./notices";
import { restoreClips } from "./undo";

/** The sounds that one is asked about before they are deleted for good. */
export const doomed = signal<readonly Id[] | null>(null);

export const restore = (ids: Id[]): Promise<void> => restoreClips(ids, called(ids));

export async function purge(ids: readonly Id[]): Promise<void> {
  const label = called(ids);
  const freed = (await calls.purge([...ids])).bytes;
  for (const id of ids) clipOf(id).value = null;
  note(`${label} deleted for good: ${bytes(freed)} freed.`);
}

/** To hear a deleted sound does not choose it: it is not to be worked on. */
export async function hearDeleted(id: Id): Promise<void> {
  await play({ id, loudness: clipOf(id).peek()?.loudness ?? 0 });
}
