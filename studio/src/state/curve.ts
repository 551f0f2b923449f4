/** The intensity curve that is being drawn for the chosen sound. */

import { computed, signal } from "@preact/signals";
import { bufferOf } from "../audio/buffers";
import { simplify, toTarget, type Bound } from "../audio/curve";
import { levelCurve } from "../audio/levels";
import { recordLevels, type Recording } from "../audio/record";
import type { Target } from "../api/types";
import { note, say } from "./notices";
import { chosen } from "./place";
import { current } from "./sound";

export const curve = signal<Bound[]>([]);
export const recording = signal<Recording | null>(null);

/** The level of the chosen sound as it is, to draw against. */
export const levels = computed<Bound[]>(() => {
  const buffer = chosen.value ? bufferOf(chosen.value).value : null;
  return buffer ? (levelCurve(buffer.getChannelData(0), buffer.sampleRate) as Bound[]) : [];
});

export function fromSound(): void {
  curve.value = simplify(levels.peek(), 3);
  say(`The curve has ${curve.peek().length} points.`);
}

export function clear(): void {
  curve.value = [];
}

/** Two points in the middle, for who draws by keyboard. */
export function fromNothing(): void {
  const seconds = current.peek()?.seconds ?? 5;
  curve.value = [
    [0, -24],
    [seconds, -24],
  ];
}

export async function toggleRecording(): Promise<void> {
  const running = recording.peek();
  if (running) return running.stop();
  const seconds = current.peek()?.seconds ?? 5;
  try {
    recording.value = await recordLevels(seconds, (points) => (curve.value = [...points]));
  } catch {
    return void note("The microphone cannot be used: allow it for this page in the browser.", { tone: "bad" });
  }
  say("Recording the level.");
  try {
    curve.value = simplify(await recording.value.points, 2);
  } finally {
    recording.value = null;
  }
  say(`Recorded: the curve has ${curve.peek().length} points.`);
}

export function intensityTarget(): Target | null {
  const seconds = current.peek()?.seconds ?? 0;
  const points = toTarget(curve.peek(), seconds);
  return points.length > 1 ? { feature: "intensity", points } : null;
}
