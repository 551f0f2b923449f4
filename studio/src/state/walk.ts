/** Moving and deleting by keys: among the takes in the studio, among what was found in the library. */

import type { Id } from "../api/types";
import { doomed } from "./bin";
import { clipOf, isHere } from "./clips";
import { bin, deleteSelected, found, layout, selected } from "./library";
import { columns } from "./measures";
import { choose, chosen, view } from "./place";
import { pick, step } from "./sound";
import { discard, grid } from "./takes";
import { playing } from "../audio/player";

export function walk(right: number, down: number): void {
  if (view.peek() === "studio") return step(right + down * columns.peek());
  if (bin.peek()) return; // nothing is chosen among the deleted
  const ids = found.peek();
  const at = ids.indexOf(chosen.peek() ?? "");
  const by = layout.peek() === "list" ? right + down : right + down * columns.peek();
  const next = ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
  if (next) pick(next, playing.peek() !== null);
}

/** The button by which a sound is played: where the focus is while one goes from sound to sound by keys. */
const PLAY = ".card-play, .row-play";

/** To the chosen sound, where the other keys work. */
export function focusChosen(): void {
  document.querySelector<HTMLElement>(`[aria-current] :is(${PLAY})`)?.focus();
}

const leaving = new Set<Id>(); // their deletion was asked for

/** Deletes the chosen sound. The choice goes on at once, so that the next Delete is for what one sees then. */
export async function discardChosen(): Promise<void> {
  const id = chosen.peek();
  if (!id || !isHere(id)) return;
  const next = view.peek() === "library" ? neighbour(id, found.peek()) : (parentOf(id) ?? neighbour(id, grid.peek()));
  const byKeys = document.activeElement?.matches(PLAY) ?? false;
  leaving.add(id);
  if (next) pick(next, false);
  else choose(null);
  try {
    await discard(id);
  } catch (error) {
    if (chosen.peek() === next) choose(id);
    throw error;
  } finally {
    leaving.delete(id);
  }
  if (byKeys) requestAnimationFrame(followChoice);
}

/** The focus was on what was deleted; by now it may be somewhere else, and then it stays there. */
function followChoice(): void {
  const focused = document.activeElement;
  if (focused === document.body || focused?.matches(PLAY)) focusChosen();
}

const stays = (id: Id | null): id is Id => id !== null && isHere(id) && !leaving.has(id);

const parentOf = (id: Id): Id | null => clipOf(id).peek()?.parents.find(stays) ?? null;

/** The next of the list, or the one before; null where the sound is not in it. */
function neighbour(id: Id, ids: readonly (Id | null)[]): Id | null {
  const at = ids.indexOf(id);
  if (at < 0) return null;
  return ids.slice(at + 1).find(stays) ?? ids.slice(0, at).findLast(stays) ?? null;
}

/** Delete: what is selected, or else what is chosen. */
export async function discardShown(): Promise<void> {
  if (view.peek() === "studio") return discardChosen();
  const some = selected.peek();
  if (!bin.peek()) return some.size ? deleteSelected() : discardChosen();
  if (some.size) doomed.value = [...some];
}
