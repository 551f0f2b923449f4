/** The microphone as a pen: only the level is kept, never the sound. */

import { decibels, FLOOR, rms } from "./levels";
import type { Bound } from "./curve";

const EVERY = 20; // milliseconds
const LOUDEST = -10; // dB: where the loudest moment of a recording is put

export interface Recording {
  /** Ends early; the promise of {@link recordLevels} then resolves with what there is. */
  stop(): void;
  points: Promise<Bound[]>;
}

export async function recordLevels(seconds: number, onLevel: (points: Bound[]) => void): Promise<Recording> {
  const constraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints });
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(stream).connect(analyser);
  const window = new Float32Array(analyser.fftSize);
  const points: Bound[] = [];
  const begun = performance.now();
  let finish: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const timer = setInterval(() => {
    const time = (performance.now() - begun) / 1000;
    if (time >= seconds) return finish();
    analyser.getFloatTimeDomainData(window);
    points.push([time, Math.max(FLOOR, decibels(rms(window)))]);
    onLevel(points);
  }, EVERY);
  const done = ended.then(async () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    await context.close();
    return levelled(points);
  });
  return { stop: finish, points: done };
}

/** How near the mouth was to the microphone says nothing: the loudest moment goes to a fixed level. */
export function levelled(points: readonly Bound[]): Bound[] {
  const most = Math.max(FLOOR, ...points.map(([, level]) => level));
  return points.map(([time, level]) => [time, Math.max(FLOOR, Math.min(0, level - most + LOUDEST))]);
}
