/** The library: what is searched for, what was found, what is selected. */

import { computed, effect, signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Clip, Id } from "../api/types";
import { change, clipOf, keep } from "./clips";
import { remembered } from "./memory";
import { fault } from "./notices";
import { choose, chosen, show, view } from "./place";
import { deleteClips, onRestore } from "./undo";

const PAGE = 48; // sounds in one answer
const MOST = 500; // that the server gives in one answer
const TOP = 80; // pixels: with so little scrolled, one sees the first row

export const text = signal("");
const EVERYTHING = { starred: false, kind: "", tags: [] as string[] };
export const filters = remembered("filters", EVERYTHING);
export const similarTo = signal<Id | null>(null);
/** Deleted sounds are listed, in place of those that are there. */
export const bin = signal(false);
export const layout = remembered<"list" | "grid">("layout", "list");

/** In the order of the search; what was deleted or restored since keeps its place. */
const order = signal<Id[]>([]);
/** What is listed. */
export const found = computed(() =>
  order.value.filter((id) => {
    const clip = clipOf(id).value;
    return clip !== null && (clip.deleted !== null) === bin.value;
  }),
);
/** Sounds that came since and fit the search: they are not put in while one looks further down. */
export const news = signal<ReadonlySet<Id>>(new Set());
export const scores = signal<ReadonlyMap<Id, number>>(new Map());
export const cursor = signal<string | null>(null);
export const searching = signal(false);
/** Searches that were answered. */
export const searched = signal(0);
export const selected = signal<ReadonlySet<Id>>(new Set());

/** Tags of what is listed: enough to offer, without a call of its own. */
export const tags = computed(() => {
  const all = new Set(filters.value.tags);
  for (const id of found.value) for (const tag of clipOf(id).value?.tags ?? []) all.add(tag);
  return [...all].sort();
});

// What is not listed cannot be selected: nobody would see what becomes of it.
effect(() => {
  const listed = new Set(found.value);
  const left = [...selected.value].filter((id) => listed.has(id));
  if (left.length < selected.value.size) selected.value = new Set(left);
});

function asked(): calls.Query {
  const { starred, kind, tags: wanted } = filters.peek();
  const near = similarTo.peek();
  const query = { text: text.peek(), starred, kind, tags: wanted, deleted: bin.peek(), limit: PAGE };
  return near ? { ...query, similarTo: near } : query;
}

let controller: AbortController | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Forgets the search that is under way or about to begin. */
function drop(): void {
  clearTimeout(timer);
  controller?.abort();
  controller = null;
}

export async function search(more = false): Promise<void> {
  const from = more ? cursor.peek() : null;
  if (more && !from) return; // nothing is left, or what is listed is about to be replaced
  drop();
  const mine = (controller = new AbortController());
  searching.value = true;
  if (!more) cursor.value = null; // it goes on with another search
  try {
    const page = await calls.search(from ? { ...asked(), cursor: from } : asked(), mine.signal);
    keep(...page.clips);
    const ids = page.clips.map((clip) => clip.id);
    order.value = more ? [...new Set([...order.peek(), ...ids])] : ids;
    cursor.value = page.next_cursor;
    scores.value = new Map([...(more ? scores.peek() : []), ...scored(ids, page.scores)]);
    if (!more) news.value = new Set();
    searched.value++;
  } catch (error) {
    fault(error);
  } finally {
    if (controller === mine) searching.value = false;
  }
}

const scored = (ids: Id[], values: number[] | null): [Id, number][] =>
  (values ?? []).flatMap((value, index) => (ids[index] ? [[ids[index], value]] : []));

/** Puts in what changed and fits the search, or counts it as news; what is listed keeps its place. */
export async function takeIn(ids: Id[]): Promise<void> {
  const unknown = ids.filter((id) => !order.peek().includes(id)).length;
  if (!unknown) return;
  const mine = controller;
  // More may have come by now than one has heard of.
  const page = await calls.search({ ...asked(), limit: Math.min(MOST, order.peek().length + unknown + PAGE) });
  if (controller !== mine) return; // searched anew meanwhile
  keep(...page.clips);
  const ranked = page.clips.map((clip) => clip.id);
  // What ranks after the last that is listed comes with a later page.
  const listed = new Set(order.peek());
  const end = cursor.peek() ? ranked.findLastIndex((id) => listed.has(id)) : ranked.length;
  const came = new Set(ranked.slice(0, end).filter((id) => !listed.has(id)));
  if (scrollY > TOP) return void (news.value = new Set([...news.peek(), ...came]));
  const shown = ranked.filter((id) => listed.has(id) || came.has(id));
  order.value = [...new Set([...shown, ...order.peek()])];
  scores.value = new Map([...scores.peek(), ...scored(ranked, page.scores)]);
}

/** Lists what came since, from the top. */
export async function showNews(): Promise<void> {
  scrollTo(0, 0);
  await search();
}

/** Searches once nothing has changed for a moment; until then the list is that of another search. */
export function searchSoon(delay = 200): void {
  drop();
  searching.value = true;
  cursor.value = null;
  timer = setTimeout(() => void search(), delay);
}

effect(() => {
  if (view.value === "library") void search();
});

export function filter(fields: Partial<typeof EVERYTHING>): void {
  filters.value = { ...filters.peek(), ...fields };
  void search();
}

/** Whether the list leaves sounds out. */
export const isFiltered = computed(() => {
  const { starred, kind, tags: wanted } = filters.value;
  return text.value.trim() !== "" || similarTo.value !== null || starred || kind !== "" || wanted.length > 0;
});

export function clearFilters(): void {
  text.value = "";
  similarTo.value = null;
  filter(EVERYTHING);
}

/** Lists the deleted sounds, or those that are there. */
export function openBin(open: boolean): void {
  bin.value = open;
  similarTo.value = null;
  void search();
}

export function soundsLike(id: Id | null): void {
  similarTo.value = id;
  bin.value = false;
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

/** How a message calls some sounds. */
export function called(ids: readonly Id[]): string {
  return ids.length === 1 ? (clipOf(ids[0]!).peek()?.name ?? "The sound") : `${ids.length} sounds`;
}

export async function deleteSelected(): Promise<void> {
  const ids = [...selected.peek()];
  await deleteClips(ids, called(ids));
  if (ids.includes(chosen.peek() ?? "")) choose(null);
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

onRestore((clips) => {
  if (view.peek() === "library" && !bin.peek()) takeIn(clips.map((clip) => clip.id)).catch(fault);
});
