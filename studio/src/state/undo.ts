/** What was deleted, newest last; Ctrl+Z brings back the last, each message what it tells of. */

import * as calls from "../api/calls";
import { isMiss } from "../api/http";
import type { Clip, Id } from "../api/types";
import { clipOf, keep, refreshClips } from "./clips";
import { attempt, dismiss, note, say } from "./notices";

interface Step {
  token: string;
  label: string;
  /** The message that offers to undo it. */
  notice: number;
}

const steps: Step[] = [];
const underWay = new Set<Step>();
const restorers = new Set<(clips: Clip[]) => void>();

/** Views that list clips put restored ones back by themselves. */
export function onRestore(restore: (clips: Clip[]) => void): void {
  restorers.add(restore);
}

export async function deleteClips(ids: Id[], label: string): Promise<void> {
  const { deleted, undo: token } = await calls.remove(ids);
  if (deleted.length < ids.length) await refreshClips(ids.filter((id) => !deleted.includes(id)));
  // By another window, which can take it back.
  if (token === null) return void note(`${label}: deleted already.`);
  const now = new Date().toISOString();
  for (const id of deleted) {
    const clip = clipOf(id).peek();
    if (clip) keep({ ...clip, deleted: now });
  }
  const step: Step = { token, label, notice: 0 };
  const run = (): void => attempt(() => undo(step));
  step.notice = note(`${label} deleted.`, { seconds: 10, action: { label: "Undo", run } });
  steps.push(step);
}

export async function undoLast(): Promise<void> {
  const step = steps.findLast((each) => !underWay.has(each));
  if (!step) return say("Nothing to undo.");
  await undo(step);
}

/** A refusal forgets the deletion, as there is nothing left to undo; a server that does not answer does not. */
async function undo(step: Step): Promise<void> {
  underWay.add(step);
  try {
    const { clips } = await calls.undo(step.token);
    forget(step);
    restored(clips, step.label);
  } catch (error) {
    if (isMiss(error)) forget(step);
    throw error;
  } finally {
    underWay.delete(step);
  }
}

function forget(step: Step): void {
  steps.splice(steps.indexOf(step), 1);
  dismiss(step.notice);
}

/** Brings deleted sounds back, whenever they were deleted. */
export async function restoreClips(ids: Id[], label: string): Promise<void> {
  restored((await calls.restore(ids)).clips, label);
}

function restored(clips: Clip[], label: string): void {
  keep(...clips);
  for (const restore of restorers) restore(clips);
  note(`${label} restored.`, { seconds: 4 });
}
