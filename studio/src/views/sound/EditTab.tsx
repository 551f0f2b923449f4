import { signal, useSignalEffect, type Signal } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import type { Clip, Id } from "../../api/types";
import { EDITS, type EditForm } from "../../state/edits";
import { remembered } from "../../state/memory";
import { attempt } from "../../state/notices";
import { edit, region } from "../../state/sound";
import { generateRequest, refineSteps } from "../../state/settings";
import { isPlainTake } from "../../lib/format";
import { busy } from "../../state/jobs";
import { ClipPicker } from "./ClipPicker";
import { NumberField } from "./NumberField";
import { Running } from "./Running";
import { Words } from "./Words";

const kind = remembered("edit", "fill");

/** All edits in one form: which, its numbers, its words. */
export function EditTab({ clip }: { clip: Clip }) {
  const form = EDITS.find((each) => each.kind === kind.value) ?? EDITS[0]!;
  return (
    <div class="edit">
      <div class="kinds" role="group" aria-label="Kind of edit">
        {EDITS.map((each) => (
          <button
            key={each.kind}
            class="chip"
            aria-pressed={each.kind === form.kind}
            onClick={() => (kind.value = each.kind)}
          >
            {each.title}
          </button>
        ))}
      </div>
      <Form key={form.kind} form={form} clip={clip} />
    </div>
  );
}

function Form({ form, clip }: { form: EditForm; clip: Clip }) {
  const values = useMemo(
    () => new Map(form.fields.map((field) => [field.key, signal(field.start(clip))])),
    [form, clip.id],
  );
  const [words, setWords] = useState(form.words === "may" ? clip.prompt : "");
  const [partner, setPartner] = useState<Id | null>(null);
  const hasOwnWords = form.ownWords === true && isPlainTake(clip);
  useRegion(form, values);
  const running = busy.value.find((job) => job.kind === form.kind && job.request["clip"] === clip.id);
  const ready = (form.words !== "must" || words.trim() !== "") && (!form.pair || partner !== null);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        attempt(() =>
          edit(form.kind, {
            ...numbers(values),
            ...(partner && form.pair ? { other: partner } : {}),
            ...guidance(form, hasOwnWords ? null : words),
          }),
        );
      }}
    >
      <p class="dim">
        {form.explanation} In {refineSteps.value} steps, as chosen under Refine.
      </p>
      <div class="line">
        {form.pair && <ClipPicker exclude={clip.id} value={partner} onChange={setPartner} />}
        {form.fields.map((field) => (
          <NumberField
            key={field.key}
            label={field.label}
            value={values.get(field.key)!}
            low={field.low}
            high={field.high(clip)}
            step={field.step}
            explanation={field.explanation}
            slider={!form.region}
            {...(field.unit ? { unit: field.unit } : {})}
            onChange={() => form.region && toRegion(values)}
          />
        ))}
      </div>
      <div class="line">
        {!hasOwnWords && (
          <Words
            value={words}
            placeholder={form.words === "must" ? "what it should become" : "may be left empty"}
            onChange={setWords}
          />
        )}
        <button class="primary" disabled={!ready}>
          {form.title}
        </button>
      </div>
      <Running job={running} />
    </form>
  );
}

const numbers = (values: Map<string, Signal<number>>): Record<string, number> =>
  Object.fromEntries([...values].map(([key, value]) => [key, value.peek()]));

/** Edits take the guidance of the settings, but never their single step; null are words that are the sound's own. */
function guidance(form: EditForm, words: string | null): Record<string, unknown> {
  if (words === null) return { steps: refineSteps.peek() };
  if (form.words === "again") return { prompt: words.trim(), steps: refineSteps.peek() };
  const { omega, nu, gamma, negative, seed } = generateRequest("");
  return { prompt: words.trim(), steps: refineSteps.peek(), omega, nu, gamma, negative, seed };
}

function toRegion(values: Map<string, Signal<number>>): void {
  const [start, end] = [values.get("start")?.peek() ?? 0, values.get("end")?.peek() ?? 0];
  if (end > start) region.value = { start, end };
}

/** The selection on the waveform and the two numbers are the same thing. */
function useRegion(form: EditForm, values: Map<string, Signal<number>>): void {
  useSignalEffect(() => {
    if (!form.region || !region.value) return;
    const { start, end } = region.value;
    values.get("start")!.value = Math.round(start * 100) / 100;
    values.get("end")!.value = Math.round(end * 100) / 100;
  });
}
