/** What was deleted, newest last; Ctrl+Z brings it back. */

import * as calls from "../api/calls";
import type { Clip, Id } from "../api/types";
import { clipOf, keep } from "./clips";
import { note, say } from "./notices";

interface Step {
  token: string;
  label: string;
  restored: (clips: Clip[]) => void;
}

const steps: Step[] = [];
const restorers = new Set<(clips: Clip[]) => void>();

/** Views that list clips put restored ones back by themselves. */
export function onRestore(restore: (clips: Clip[]) => void): void {
  restorers.add(restore);
}

export async function deleteClips(ids: Id[], label: string): Promise<void> {
  const { undo } = await calls.remove(ids);
  const now = new Date().toISOString();
  for (const id of ids) {
    const clip = clipOf(id).peek();
    if (clip) keep({ ...clip, deleted: now });
  }
  steps.push({ token: undo, label, restored: (clips) => restorers.forEach((restore) => restore(clips)) });
  note(`${label} deleted.`, { seconds: 10, action: { label: "Undo (Ctrl+Z)", run: () => void undoLast() } });
}

export async function undoLast(): Promise<void> {
  const step = steps.pop();
  if (!step) return say("Nothing to undo.");
  const { clips } = await calls.undo(step.token);
  keep(...clips);
  step.restored(clips);
  note(`${step.label} restored.`, { seconds: 4 });
}
