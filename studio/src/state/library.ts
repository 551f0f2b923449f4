/** The library: what is searched for, what was found, what is selected. */

import { computed, effect, signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { AudioFormat, Clip, Id, Rate } from "../api/types";
import { change, clipOf, keep } from "./clips";
import { remembered } from "./memory";
import { fault, note } from "./notices";
import { show, view } from "./place";
import { deleteClips, onRestore } from "./undo";

export const text = signal("");
export const filters = remembered("filters", { starred: false, kind: "", tags: [] as string[] });
export const similarTo = signal<Id | null>(null);
export const layout = remembered<"list" | "grid">("layout", "list");
export const exporting = signal(false);
export const exportFormat = remembered<AudioFormat>("format", "wav24");
export const exportRate = remembered<Rate>("rate", "original");

export const found = signal<Id[]>([]);
export const scores = signal<ReadonlyMap<Id, number>>(new Map());
export const cursor = signal<string | null>(null);
export const searching = signal(false);
export const searched = signal(false);
export const selected = signal<ReadonlySet<Id>>(new Set());

/** Tags of what is listed: enough to offer, without a call of its own. */
export const tags = computed(() => {
  const all = new Set(filters.value.tags);
  for (const id of found.value) for (const tag of clipOf(id).value?.tags ?? []) all.add(tag);
  return [...all].sort();
});

let controller: AbortController | null = null;

export async function search(more = false): Promise<void> {
  controller?.abort();
  const mine = (controller = new AbortController());
  searching.value = true;
  try {
    const { starred, kind, tags: wanted } = filters.peek();
    const page = await calls.search(
      {
        text: text.peek(),
        starred,
        kind,
        tags: wanted,
        ...(similarTo.peek() ? { similarTo: similarTo.peek()! } : {}),
        ...(more && cursor.peek() ? { cursor: cursor.peek()! } : {}),
      },
      mine.signal,
    );
    keep(...page.clips);
    const ids = page.clips.map((clip) => clip.id);
    found.value = more ? [...new Set([...found.peek(), ...ids])] : ids;
    cursor.value = page.next_cursor;
    const near = new Map(more ? scores.peek() : []);
    page.scores?.forEach((score, index) => ids[index] && near.set(ids[index], score));
    scores.value = near;
    searched.value = true;
  } catch (error) {
    fault(error);
  } finally {
    if (controller === mine) searching.value = false;
  }
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Searches once nothing has changed for a moment. */
export function searchSoon(delay = 200): void {
  clearTimeout(timer);
  timer = setTimeout(() => void search(), delay);
}

effect(() => {
  if (view.value === "library") void search();
});

export function filter(fields: Partial<{ starred: boolean; kind: string; tags: string[] }>): void {
  filters.value = { ...filters.peek(), ...fields };
  void search();
}

export function soundsLike(id: Id | null): void {
  similarTo.value = id;
  if (view.peek() === "library") void search();
  else show("library"); // which searches
}

export function select(id: Id, on: boolean): void {
  const next = new Set(selected.peek());
  if (on) next.add(id);
  else next.delete(id);
  selected.value = next;
}

export const selectAll = (on: boolean): void => void (selected.value = new Set(on ? found.peek() : []));

export async function deleteSelected(): Promise<void> {
  const ids = [...selected.peek()];
  const label = ids.length === 1 ? (clipOf(ids[0]!).peek()?.name ?? "The sound") : `${ids.length} sounds`;
  await deleteClips(ids, label);
  selected.value = new Set();
  found.value = found.peek().filter((id) => !ids.includes(id));
}

export async function starSelected(): Promise<void> {
  const clips = [...selected.peek()].map((id) => clipOf(id).peek()).filter((clip): clip is Clip => clip !== null);
  const starred = !clips.every((clip) => clip.starred);
  for (const clip of clips) await change(clip.id, { starred });
}

export async function tagSelected(tag: string): Promise<void> {
  for (const id of selected.peek()) {
    const clip = clipOf(id).peek();
    if (clip && !clip.tags.includes(tag)) await change(id, { tags: [...clip.tags, tag] });
  }
}

export async function exportClips(ids: Id[]): Promise<void> {
  const [first] = ids;
  if (!first) return;
  if (ids.length === 1) return download(calls.audioUrl(first, exportFormat.peek(), exportRate.peek(), true), "");
  const url = URL.createObjectURL(await calls.exportZip(ids, exportFormat.peek(), exportRate.peek()));
  download(url, "sounds.zip");
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  note(`${ids.length} sounds exported.`);
}

function download(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

onRestore(() => {
  if (view.peek() === "library") void search();
});
