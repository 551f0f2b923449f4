/** Curves through points [seconds, dB], as the editor draws them and the server takes them. */

import type { Point } from "../api/types";
import { FLOOR } from "./levels";

export type Bound = [seconds: number, decibels: number];

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Fewer points for the same curve (Ramer-Douglas-Peucker, error measured in dB). */
export function simplify(points: readonly Bound[], tolerance: number): Bound[] {
  const first = points[0];
  const last = points[points.length - 1];
  if (!first || !last || points.length < 3) return [...points];
  let worst = 0;
  let index = 0;
  for (let i = 1; i < points.length - 1; i++) {
    const point = points[i]!;
    const share = (point[0] - first[0]) / Math.max(1e-9, last[0] - first[0]);
    const error = Math.abs(point[1] - (first[1] + share * (last[1] - first[1])));
    if (error > worst) [worst, index] = [error, i];
  }
  if (worst <= tolerance) return [first, last];
  return [...simplify(points.slice(0, index + 1), tolerance).slice(0, -1), ...simplify(points.slice(index), tolerance)];
}

/** A stroke replaces what it passes over and leaves the rest of the curve. */
export function overwrite(curve: readonly Bound[], stroke: readonly Bound[], tolerance = 0.75): Bound[] {
  const drawn = inOrder(stroke);
  const first = drawn[0];
  const last = drawn[drawn.length - 1];
  if (!first || !last) return [...curve];
  const kept = curve.filter(([time]) => time < first[0] || time > last[0]);
  return inOrder([...kept, ...simplify(drawn, tolerance)]);
}

/** Sorted by time, each time once (the later value wins), at least `gap` seconds apart. */
export function inOrder(points: readonly Bound[], gap = 0.01): Bound[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0]);
  const result: Bound[] = [];
  for (const point of sorted) {
    const before = result[result.length - 1];
    if (before && point[0] - before[0] < gap) result[result.length - 1] = [before[0], point[1]];
    else result.push(point);
  }
  return result;
}

/** Moves a point, between its neighbours in time and within the editor's levels. */
export function move(curve: readonly Bound[], index: number, seconds: number, level: number, length: number): Bound[] {
  const before = curve[index - 1];
  const after = curve[index + 1];
  const time = clamp(seconds, before ? before[0] + 0.01 : 0, after ? after[0] - 0.01 : length);
  return curve.map((point, i) => (i === index ? [time, clamp(level, FLOOR, 0)] : point));
}

/** A new point in the middle of the gap after `index` (or of the last gap). */
export function insertAfter(curve: readonly Bound[], index: number): Bound[] {
  const at = Math.min(index, curve.length - 2);
  const [a, b] = [curve[at], curve[at + 1]];
  if (!a || !b) return [...curve];
  return [...curve.slice(0, at + 1), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], ...curve.slice(at + 1)];
}

/** The curve up to a time, where it ends as high as it stands there: what lies beyond is not seen, and does not count. */
function cut(curve: readonly Bound[], seconds: number): Bound[] {
  const inside = curve.filter(([time]) => time <= seconds);
  const [a, b] = [inside.at(-1), curve[inside.length]];
  if (!a || !b) return inside;
  const share = (seconds - a[0]) / (b[0] - a[0]);
  return [...inside, [seconds, a[1] + share * (b[1] - a[1])]];
}

/** As the server takes it: rounded, inside the sound. */
export const toTarget = (curve: readonly Bound[], seconds: number): Point[] =>
  inOrder(cut(inOrder(curve), seconds)).map(([time, level]) => [
    Math.min(seconds, Math.round(time * 1000) / 1000),
    Math.round(level * 10) / 10,
  ]);
