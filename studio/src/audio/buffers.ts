/** Decoded sounds by clip id: fetched as soon as a take arrives, so that play starts at once. */

import { signal, type Signal } from "@preact/signals";
import { audioUrl } from "../api/calls";
import { request } from "../api/http";
import type { Id } from "../api/types";
import { audio } from "./context";
import { readWav } from "./wav";

const KEPT = 64; // sounds; five seconds of mono are 0.9 MB decoded

const loading = new Map<Id, Promise<AudioBuffer>>();
const decoded = new Map<Id, Signal<AudioBuffer | null>>();

/** The buffer as a signal, null until it is there. Does not load it. */
export function bufferOf(id: Id): Signal<AudioBuffer | null> {
  let found = decoded.get(id);
  if (!found) decoded.set(id, (found = signal(null)));
  return found;
}

export function load(id: Id): Promise<AudioBuffer> {
  const ready = bufferOf(id).peek();
  if (ready) return Promise.resolve(ready);
  let promise = loading.get(id);
  if (!promise) {
    promise = fetchAndDecode(id);
    loading.set(id, promise);
    promise.then(
      (buffer) => setTimeout(() => show(id, buffer)), // who waits to play it goes first: to draw it takes a while
      () => loading.delete(id), // whoever asked is told
    );
  }
  return promise;
}

async function fetchAndDecode(id: Id): Promise<AudioBuffer> {
  const bytes = await (await request(audioUrl(id))).arrayBuffer();
  return decode(bytes);
}

function show(id: Id, buffer: AudioBuffer): void {
  const mine = bufferOf(id);
  decoded.delete(id); // to the end of the line: what was loaded last is forgotten last
  decoded.set(id, mine);
  mine.value = buffer;
  loading.delete(id);
  trim();
}

async function decode(bytes: ArrayBuffer): Promise<AudioBuffer> {
  const pcm = readWav(bytes);
  const first = pcm?.channels[0];
  if (!pcm || !first?.length) return audio().decodeAudioData(bytes);
  const options = { length: first.length, numberOfChannels: pcm.channels.length, sampleRate: pcm.sampleRate };
  const buffer = new AudioBuffer(options);
  pcm.channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
  return buffer;
}

/** Forgets the sounds that were loaded first; their signals stay, so that who shows one can load it again. */
function trim(): void {
  const held = [...decoded].filter(([, buffer]) => buffer.peek());
  for (const [, buffer] of held.slice(0, Math.max(0, held.length - KEPT))) buffer.value = null;
}
