/** Every clip the page has heard of, one signal each: what changes anywhere is seen everywhere. */

import { signal, type Signal } from "@preact/signals";
import * as calls from "../api/calls";
import { ApiError } from "../api/http";
import type { Clip, Id } from "../api/types";

const known = new Map<Id, Signal<Clip | null>>();

export function clipOf(id: Id): Signal<Clip | null> {
  let found = known.get(id);
  if (!found) known.set(id, (found = signal(null)));
  return found;
}

export function keep(...clips: Clip[]): void {
  for (const clip of clips) clipOf(clip.id).value = clip;
}

/** The clip, from the server if need be; null when it is gone. */
export async function fetchClip(id: Id, fresh = false): Promise<Clip | null> {
  const have = clipOf(id).peek();
  if (have && !fresh) return have;
  try {
    const clip = await calls.clip(id);
    keep(clip);
    return clip;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      clipOf(id).value = null;
      return null;
    }
    throw error;
  }
}

/** Changes a clip here at once and on the server after; a refusal puts it back. */
export async function change(id: Id, fields: Partial<Pick<Clip, "name" | "starred" | "tags">>): Promise<void> {
  const before = clipOf(id).peek();
  if (!before) return;
  keep({ ...before, ...fields });
  try {
    keep(await calls.change(id, fields));
  } catch (error) {
    keep(before);
    throw error;
  }
}
