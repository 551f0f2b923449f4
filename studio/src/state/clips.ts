/** Every clip the page has heard of, one signal each: what changes anywhere is seen everywhere. */

import { signal, type Signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Clip, Id } from "../api/types";

const MOST = 100; // clips in one request: an address has an end

const known = new Map<Id, Signal<Clip | null>>();

export function clipOf(id: Id): Signal<Clip | null> {
  let found = known.get(id);
  if (!found) known.set(id, (found = signal(null)));
  return found;
}

export function keep(...clips: Clip[]): void {
  for (const clip of clips) clipOf(clip.id).value = clip;
}

/** Whether the clip is known, and not deleted. */
export function isHere(id: Id): boolean {
  const clip = clipOf(id).peek();
  return clip !== null && !clip.deleted;
}

/** The clip, from the server if need be; null when it is gone. */
export async function fetchClip(id: Id): Promise<Clip | null> {
  if (!clipOf(id).peek()) await refreshClips([id]);
  return clipOf(id).peek();
}

/** Asks the server for clips anew; those that are gone are null from then on. */
export async function refreshClips(ids: Id[]): Promise<void> {
  for (let start = 0; start < ids.length; start += MOST) {
    const some = ids.slice(start, start + MOST);
    const there = await calls.clips(some);
    keep(...there);
    const found = new Set(there.map((clip) => clip.id));
    for (const id of some) if (!found.has(id)) clipOf(id).value = null;
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
