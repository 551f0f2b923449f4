/** Where in the page one is: the view and the chosen sound, kept in the address (#/studio/<id>). */

import { effect, signal } from "@preact/signals";
import type { Id } from "../api/types";
import { remembered } from "./memory";

export type View = "studio" | "library";
export type Tab = "refine" | "shape" | "edit" | "family";

const lastChosen = remembered("chosen", "");

function parse(hash: string): { view: View; id: Id | null } {
  const [, view, id] = /^#\/(studio|library)(?:\/([0-9a-f]{32}))?$/.exec(hash) ?? [];
  return { view: view === "library" ? "library" : "studio", id: id ?? null };
}

const begin = parse(location.hash);
export const view = signal<View>(begin.view);
export const chosen = signal<Id | null>(begin.id ?? (lastChosen.peek() || null));
/** The sound that the chosen one is compared with. */
export const rival = signal<Id | null>(null);
export const tab = remembered<Tab>("tab", "refine");

export function choose(id: Id | null): void {
  if (id === chosen.peek()) return;
  chosen.value = id;
  rival.value = null;
}

export function show(next: View): void {
  if (next === view.peek()) return;
  view.value = next;
  history.pushState(null, "", address());
  scrollTo(0, 0);
}

const address = (): string => `#/${view.peek()}${chosen.peek() ? `/${chosen.peek()}` : ""}`;

effect(() => {
  lastChosen.value = chosen.value ?? "";
  if (location.hash !== address()) history.replaceState(null, "", address());
});

addEventListener("popstate", () => {
  const there = parse(location.hash);
  view.value = there.view;
  if (there.id) choose(there.id);
});
