import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as calls from "../api/calls";
import { wake } from "../audio/context";
import { listening, mostWords, prompt } from "../state/settings";
import { attempt } from "../state/notices";
import { audition, auditioning, schedule } from "../state/takes";

const EXAMPLES = [
  "rain on a tin roof",
  "a dog barking far away",
  "a door creaks, then slams",
  "waves on a pebble beach",
  "an old engine starting",
];

/** What the model made of the words, when that differs. */
const heardAs = signal("");

export function Prompt() {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!prompt.peek()) field.current?.focus();
  }, []);
  useEffect(() => fit(field.current), [prompt.value]);
  return (
    <form class="prompt" role="search" aria-label="Prompt" onSubmit={(event) => event.preventDefault()}>
      <label for="prompt" class="unseen">
        Describe a sound
      </label>
      <textarea
        id="prompt"
        ref={field}
        rows={1}
        value={prompt.value}
        maxLength={mostWords.value}
        spellcheck={false}
        autocomplete="off"
        placeholder="Describe a sound…"
        aria-describedby="prompt-note"
        onInput={(event) => {
          onOneLine(event.currentTarget);
          prompt.value = event.currentTarget.value;
          void wake();
          schedule();
          understandSoon();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          attempt(() => audition(true));
        }}
      />
      <div class="prompt-foot">
        <p id="prompt-note" class="dim">
          {heardAs.value ? (
            <>Understood as “{heardAs.value}”.</>
          ) : (
            <>
              Takes appear as you type. <kbd>Enter</kbd> plays the first at once.
            </>
          )}
        </p>
        <span class="working" aria-hidden="true" data-on={auditioning.value} />
        <label class="check">
          <input
            type="checkbox"
            checked={listening.value}
            onChange={(event) => (listening.value = event.currentTarget.checked)}
          />{" "}
          Play as I type
        </label>
      </div>
      {!prompt.value && (
        <div class="examples" role="group" aria-label="Examples">
          {EXAMPLES.map((words) => (
            <button
              key={words}
              type="button"
              class="chip"
              onClick={() => {
                prompt.value = words;
                attempt(() => audition(true));
              }}
            >
              {words}
            </button>
          ))}
        </div>
      )}
    </form>
  );
}

/** The server takes one line: breaks and tabs that are typed or pasted become spaces, and the caret stays where it is. */
function onOneLine(field: HTMLTextAreaElement): void {
  const { value, selectionStart } = field;
  const line = value.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
  if (line === value) return;
  field.value = line;
  field.setSelectionRange(selectionStart, selectionStart);
}

function fit(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 120)}px`;
}

let timer: ReturnType<typeof setTimeout> | undefined;
let asked: AbortController | null = null;

function understandSoon(): void {
  clearTimeout(timer);
  asked?.abort();
  timer = setTimeout(() => {
    const words = prompt.peek().trim();
    const mine = (asked = new AbortController());
    if (!words) return void (heardAs.value = "");
    calls.understood(words, mine.signal).then(
      ({ understood }) =>
        (heardAs.value = understood && understood.toLowerCase() !== words.toLowerCase() ? understood : ""),
      () => undefined, // a nicety: without it the page does the same
    );
  }, 900);
}
