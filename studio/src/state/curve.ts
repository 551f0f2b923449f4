/** The intensity curves that are drawn, each for the sound that was chosen then. */

import { computed, signal } from "@preact/signals";
import { bufferOf } from "../audio/buffers";
import { simplify, toTarget, type Bound } from "../audio/curve";
import { levelCurve } from "../audio/levels";
import { recordLevels, type Recording } from "../audio/record";
import type { Id, Target } from "../api/types";
import { note, say } from "./notices";
import { chosen } from "./place";
import { current } from "./sound";

const NONE: Bound[] = [];
const curves = signal<ReadonlyMap<Id, Bound[]>>(new Map());

/** The curve of the chosen sound. */
export const curve = computed(() => curves.value.get(chosen.value ?? "") ?? NONE);
export const recording = signal<Recording | null>(null);

/** The level of the chosen sound as it is, to draw against. */
export const levels = computed<Bound[]>(() => {
  const buffer = chosen.value ? bufferOf(chosen.value).value : null;
  return buffer ? (levelCurve(buffer.getChannelData(0), buffer.sampleRate) as Bound[]) : [];
});

export function setCurve(points: Bound[], id = chosen.peek()): void {
  if (id) curves.value = new Map(curves.peek()).set(id, points);
}

export function fromSound(): void {
  setCurve(simplify(levels.peek(), 3));
  say(`The curve has ${curve.peek().length} points.`);
}

export const clear = (): void => setCurve([]);

/** Two points in the middle, for who draws by keyboard. */
export function fromNothing(): void {
  const seconds = current.peek()?.seconds ?? 5;
  setCurve([
    [0, -24],
    [seconds, -24],
  ]);
}

export async function toggleRecording(): Promise<void> {
  const running = recording.peek();
  if (running) return running.stop();
  const mine = chosen.peek(); // another may be chosen before the recording ends
  const seconds = current.peek()?.seconds ?? 5;
  try {
    recording.value = await recordLevels(seconds, (points) => setCurve([...points], mine));
  } catch {
    return void note("The microphone cannot be used: allow it for this page in the browser.", { tone: "bad" });
  }
  say("Recording the level.");
  try {
    const points = simplify(await recording.value.points, 2);
    setCurve(points, mine);
    say(`Recorded: the curve has ${points.length} points.`);
  } finally {
    recording.value = null;
  }
}

export function intensityTarget(): Target | null {
  const seconds = current.peek()?.seconds ?? 0;
  const points = toTarget(curve.peek(), seconds);
  return points.length > 1 ? { feature: "intensity", points } : null;
}
