/** Levels of sounds, as pure functions of samples: dB full scale throughout. */

import type { Point } from "../api/types";

export const FLOOR = -60; // dB: what the curve editor calls silence

export const decibels = (rms: number): number => (rms > 1e-6 ? 20 * Math.log10(rms) : -120);

/** Gains that bring two sounds to one loudness; the louder is turned down, so that nothing clips. */
export function matchedGains(a: number, b: number): [number, number] {
  const quieter = Math.min(a, b);
  return [10 ** ((quieter - a) / 20), 10 ** ((quieter - b) / 20)];
}

export function rms(samples: Float32Array, start = 0, end = samples.length): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += (samples[i] ?? 0) ** 2;
  return Math.sqrt(sum / Math.max(1, end - start));
}

/** Highest and lowest sample in each of `count` equal parts. */
export function peaksOf(samples: Float32Array, count: number): { high: Float32Array; low: Float32Array } {
  const high = new Float32Array(count);
  const low = new Float32Array(count);
  for (let part = 0; part < count; part++) {
    const start = Math.floor((part * samples.length) / count);
    const end = Math.max(start + 1, Math.floor(((part + 1) * samples.length) / count));
    let most = 0;
    let least = 0;
    for (let i = start; i < end; i++) {
      const value = samples[i] ?? 0;
      if (value > most) most = value;
      else if (value < least) least = value;
    }
    high[part] = most;
    low[part] = least;
  }
  return { high, low };
}

/** The RMS level of a sound over time, a value each `hop` seconds, measured over `window` seconds. */
export function levelCurve(samples: Float32Array, sampleRate: number, hop = 0.02, window = 0.04): Point[] {
  const half = Math.round((window * sampleRate) / 2);
  const last = samples.length / sampleRate;
  const points: Point[] = [];
  for (let time = 0; time < last; time += hop) {
    const centre = Math.round(time * sampleRate);
    const level = decibels(rms(samples, Math.max(0, centre - half), Math.min(samples.length, centre + half)));
    points.push([time, Math.max(FLOOR, level)]);
  }
  return points;
}
