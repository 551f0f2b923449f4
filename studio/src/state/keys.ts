/** All keys, in one table: it is what happens and what the help shows. */

import { signal } from "@preact/signals";
import { attempt } from "./notices";
import { rival, show, view } from "./place";
import { drawer, toggleJobs } from "./jobs";
import { bin } from "./library";
import { pickPlace, refine, star, switchSide, toggle, toggleLoop } from "./sound";
import { audition } from "./takes";
import { undoLast } from "./undo";
import { discardShown, focusChosen, walk } from "./walk";

export interface Binding {
  keys: string[];
  shown: string;
  label: string;
  group: "Listen" | "Work" | "Move";
  run: (event: KeyboardEvent) => void;
  /** Also while a text is being typed. */
  always?: boolean;
  /** Only where no other control uses the key. */
  plain?: boolean;
  /** Goes on while the key is held. */
  repeats?: boolean;
  /** Acts on what is shown there only: the takes, or the chosen sound, which the bin does not show. */
  needs?: "takes" | "chosen";
}

export const help = signal(false);

export function focusPrompt(): void {
  show("studio");
  requestAnimationFrame(() => document.querySelector<HTMLElement>("#prompt")?.focus());
}

/** New takes appear in the studio, so that is where one goes. */
function generate(): void {
  show("studio");
  attempt(() => audition(true));
}

function focusSearch(): void {
  show("library");
  requestAnimationFrame(() => document.querySelector<HTMLElement>("#search")?.focus());
}

const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export const bindings: Binding[] = [
  { keys: [" "], shown: "Space", label: "Play or stop", group: "Listen", plain: true, needs: "chosen", run: toggle },
  {
    keys: digits,
    shown: "1-9",
    label: "Choose a take and play it",
    group: "Listen",
    needs: "takes",
    run: (e) => pickPlace(Number(e.key) - 1, true),
  },
  { keys: ["x"], shown: "X", label: "Switch between A and B", group: "Listen", run: () => switchSide() },
  { keys: ["l"], shown: "L", label: "Play in a loop, or once", group: "Listen", run: toggleLoop },
  { keys: ["r"], shown: "R", label: "Refine", group: "Work", needs: "takes", run: () => attempt(() => refine()) },
  { keys: ["s"], shown: "S", label: "Star", group: "Work", needs: "chosen", run: () => attempt(() => star()) },
  {
    keys: ["Delete", "Backspace"],
    shown: "Delete",
    label: "Delete",
    group: "Work",
    plain: true,
    run: () => attempt(discardShown),
  },
  { keys: ["ctrl+z"], shown: "Ctrl Z", label: "Undo a deletion", group: "Work", run: () => attempt(undoLast) },
  { keys: ["g"], shown: "G", label: "Generate again", group: "Work", run: generate },
  {
    keys: ["ArrowRight"],
    shown: "← → ↑ ↓",
    label: "Move among the sounds",
    group: "Move",
    plain: true,
    repeats: true,
    run: () => walk(1, 0),
  },
  { keys: ["ArrowLeft"], shown: "", label: "", group: "Move", plain: true, repeats: true, run: () => walk(-1, 0) },
  { keys: ["ArrowDown"], shown: "", label: "", group: "Move", plain: true, repeats: true, run: () => walk(0, 1) },
  { keys: ["ArrowUp"], shown: "", label: "", group: "Move", plain: true, repeats: true, run: () => walk(0, -1) },
  {
    keys: ["/"],
    shown: "/",
    label: "To the prompt, or the search",
    group: "Move",
    run: () => (view.peek() === "library" ? focusSearch() : focusPrompt()),
  },
  {
    keys: ["v"],
    shown: "V",
    label: "Studio or library",
    group: "Move",
    run: () => show(view.peek() === "studio" ? "library" : "studio"),
  },
  { keys: ["j"], shown: "J", label: "Jobs", group: "Move", run: toggleJobs },
  { keys: ["?"], shown: "?", label: "These keys", group: "Move", run: () => (help.value = true) },
  {
    keys: ["Escape"],
    shown: "Esc",
    label: "Leave a field, close, drop the comparison",
    group: "Move",
    always: true,
    run: escape,
  },
];

function escape(): void {
  const focused = document.activeElement;
  if (drawer.peek()) drawer.value = false;
  else if (focused instanceof HTMLElement && isTyping(focused)) {
    focused.blur();
    focusChosen();
  } else rival.value = null;
}

function isTyping(target: Element): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLElement && target.isContentEditable;
}

/** Controls that mean something of their own by space, arrows or Delete. */
const ownsPlainKeys = (target: Element): boolean =>
  target.closest(
    "input, summary, a, [role=slider], [role=tab], [role=radio], button:not(.card-play):not(.row-play)",
  ) !== null;

const name = (event: KeyboardEvent): string =>
  (event.ctrlKey || event.metaKey ? "ctrl+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);

const isShown = (what: "takes" | "chosen"): boolean =>
  view.peek() === "studio" || (what === "chosen" && !bin.peek());

function handle(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.defaultPrevented || event.altKey || target.closest("dialog[open]")) return;
  const binding = bindings.find(({ keys }) => keys.includes(name(event)));
  if (!binding || (isTyping(target) && !binding.always)) return;
  if (binding.plain && ownsPlainKeys(target)) return;
  if (binding.needs && !isShown(binding.needs)) return;
  event.preventDefault();
  if (!event.repeat || binding.repeats) binding.run(event);
}

export function listenToKeys(): void {
  document.addEventListener("keydown", handle);
}
