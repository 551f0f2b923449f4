/** What belongs to the chosen sound: its parents, its children, and what was made from it a moment ago. */

import { effect, signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Id, Tree } from "../api/types";
import { clipOf, keep } from "./clips";
import { fault } from "./notices";
import { chosen } from "./place";
import { auditioning } from "./takes";

export const family = signal<Tree | null>(null);
/** Made from a sound in this visit, without being its child: takes of words that follow the curve of a recording. */
const made = signal<ReadonlyMap<Id, readonly Id[]>>(new Map());

let asked = 0;

export async function loadFamily(): Promise<void> {
  const id = chosen.peek();
  const mine = ++asked;
  if (!id) return void (family.value = null);
  try {
    const tree = await calls.tree(id);
    keep(...tree.clips);
    if (mine === asked && chosen.peek() === id) family.value = tree;
  } catch (error) {
    fault(error);
  }
}

effect(() => {
  if (chosen.value !== family.peek()?.root) family.value = null;
  // The tree is of no hurry: sounds that arrive go first.
  if (chosen.value && !auditioning.value) setTimeout(() => void loadFamily(), 60);
});

export function belongs(to: Id, id: Id): void {
  const next = new Map(made.peek());
  next.set(to, [...(next.get(to) ?? []), id]);
  made.value = next;
  if (chosen.peek() === to) void loadFamily();
}

/** Ids next to a sound: parents first, then what was made of it, from old to new. */
export function relatives(id: Id): Id[] {
  const tree = family.value?.root === id ? family.value : null;
  const links = tree?.links ?? [];
  const parents = links.filter(([, child]) => child === id).map(([parent]) => parent);
  const children = links.filter(([parent]) => parent === id).map(([, child]) => child);
  const born = (each: Id): string => clipOf(each).value?.created ?? "";
  const younger = [...new Set([...children, ...(made.value.get(id) ?? [])])].sort((a, b) =>
    born(a) < born(b) ? -1 : 1,
  );
  return [...new Set([...parents, ...younger])].filter((each) => each !== id);
}
