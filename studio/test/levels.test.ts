import { expect, test } from "vitest";
import { decibels, levelCurve, matchedGains, peaksOf, rms } from "../src/audio/levels";

const sine = (amplitude: number, length = 44100): Float32Array =>
  Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * 441 * i) / 44100));

test("a full sine has an RMS of -3 dB", () => {
  expect(decibels(rms(sine(1)))).toBeCloseTo(-3.01, 1);
});

test("matched gains make two sounds equally loud and never louder", () => {
  for (const [a, b] of [
    [-30, -12],
    [-12, -30],
    [-20, -20],
  ] as const) {
    const [gainA, gainB] = matchedGains(a, b);
    expect(a + decibels(gainA)).toBeCloseTo(b + decibels(gainB), 6);
    expect(Math.max(gainA, gainB)).toBeCloseTo(1, 9);
  }
});

test("peaks bound every sample and are reached", () => {
  const samples = sine(0.7, 1000);
  const { high, low } = peaksOf(samples, 7);
  expect(Math.max(...high)).toBeCloseTo(Math.max(...samples), 6);
  expect(Math.min(...low)).toBeCloseTo(Math.min(...samples), 6);
});

test("more parts than samples still gives every part a value", () => {
  expect(peaksOf(new Float32Array([1, -1]), 8).high).toHaveLength(8);
});

test("the level curve follows a step in level", () => {
  const samples = new Float32Array([...sine(0.1, 22050), ...sine(1, 22050)]);
  const curve = levelCurve(samples, 44100);
  const at = (time: number): number => curve.find(([seconds]) => seconds >= time)![1]!;
  expect(at(0.8) - at(0.2)).toBeCloseTo(20, 0);
});
