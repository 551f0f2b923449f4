import { expect, test } from "vitest";
import { readWav } from "../src/audio/wav";

/** A WAV with a chunk of odd length before its data, as programs that add notes write it. */
function wav(bits: 16 | 24 | 32, code: number, frames: number[][]): ArrayBuffer {
  const channels = frames[0]!.length;
  const width = bits / 8;
  const size = frames.length * channels * width;
  const view = new DataView(new ArrayBuffer(12 + 24 + 12 + 8 + size));
  const text = (at: number, value: string): void =>
    [...value].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  text(8, "WAVE");
  text(12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, 48000, true);
  view.setUint16(34, bits, true);
  text(36, "note");
  view.setUint32(40, 3, true);
  text(48, "data");
  view.setUint32(52, size, true);
  frames.flat().forEach((value, i) => {
    const at = 56 + i * width;
    if (code === 3) return view.setFloat32(at, value, true);
    const whole = Math.round(value * 2 ** (bits - 1));
    for (let byte = 0; byte < width; byte++) view.setUint8(at + byte, (whole >> (8 * byte)) & 255);
  });
  return view.buffer;
}

test("samples come back as they were, in each format", () => {
  const frames = [
    [0, 0.5],
    [-1, 0.25],
    [0.125, -0.5],
  ];
  for (const [bits, code] of [
    [16, 1],
    [24, 1],
    [32, 1],
    [32, 3],
  ] as const) {
    const read = readWav(wav(bits, code, frames))!;
    expect(read.sampleRate).toBe(48000);
    expect(read.channels.map((channel) => [...channel])).toEqual([
      [0, -1, 0.125],
      [0.5, 0.25, -0.5],
    ]);
  }
});

test("what is no such WAV is left to the browser", () => {
  expect(readWav(new ArrayBuffer(10))).toBeNull();
  expect(readWav(new ArrayBuffer(100))).toBeNull();
  expect(readWav(wav(16, 2, [[0]]))).toBeNull();
});
