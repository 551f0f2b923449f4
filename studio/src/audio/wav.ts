/** Reads the WAV files the server sends: quicker than the browser's decoder, which starts a worker for each sound. */

export interface Pcm {
  sampleRate: number;
  channels: Float32Array<ArrayBuffer>[];
}

const FLOAT = 3;
const PCM = 1;
const EXTENSIBLE = 0xfffe;

/** null: not a WAV of 16, 24 or 32-bit integers or 32-bit floats; leave it to the browser. */
export function readWav(bytes: ArrayBuffer): Pcm | null {
  const view = new DataView(bytes);
  if (view.byteLength < 44 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") return null;
  let format: { code: number; channels: number; sampleRate: number; bits: number } | null = null;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (tag(view, at) === "fmt ") {
      const code = view.getUint16(start, true);
      const bits = view.getUint16(start + 14, true);
      const inner = code === EXTENSIBLE ? view.getUint16(start + 24, true) : code;
      format = {
        code: inner,
        channels: view.getUint16(start + 2, true),
        sampleRate: view.getUint32(start + 4, true),
        bits,
      };
    } else if (tag(view, at) === "data" && format) {
      const reader = readerOf(format.code, format.bits);
      if (!reader || !format.channels) return null;
      const end = Math.min(start + size, view.byteLength);
      return {
        sampleRate: format.sampleRate,
        channels: deinterleave(view, start, end, format.channels, format.bits / 8, reader),
      };
    }
    at = start + size + (size % 2);
  }
  return null;
}

type Reader = (view: DataView, at: number) => number;

function readerOf(code: number, bits: number): Reader | null {
  if (code === FLOAT && bits === 32) return (view, at) => view.getFloat32(at, true);
  if (code !== PCM) return null;
  if (bits === 16) return (view, at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (view, at) => (view.getInt8(at + 2) * 65536 + view.getUint16(at, true)) / 2 ** 23;
  if (bits === 32) return (view, at) => view.getInt32(at, true) / 2 ** 31;
  return null;
}

function deinterleave(
  view: DataView,
  start: number,
  end: number,
  count: number,
  width: number,
  read: Reader,
): Float32Array<ArrayBuffer>[] {
  const frames = Math.floor((end - start) / (width * count));
  const channels = Array.from({ length: count }, () => new Float32Array(frames));
  channels.forEach((samples, channel) => {
    for (let i = 0, at = start + channel * width; i < frames; i++, at += width * count) samples[i] = read(view, at);
  });
  return channels;
}

const tag = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
