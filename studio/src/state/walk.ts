/** Moving and deleting by keys: among the takes in the studio, among what was found in the library. */

import { doomed } from "./bin";
import { bin, deleteSelected, found, layout, selected } from "./library";
import { columns } from "./measures";
import { chosen, view } from "./place";
import { discardChosen, pick, step } from "./sound";
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

export async function discard(): Promise<void> {
  if (view.peek() === "studio") return discardChosen();
  const some = selected.peek();
  if (!bin.peek()) return some.size ? deleteSelected() : discardChosen();
  if (some.size) doomed.value = [...some];
}
