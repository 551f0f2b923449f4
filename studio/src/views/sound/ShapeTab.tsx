import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { Clip, Job } from "../../api/types";
import { clear, curve, fromNothing, fromSound, intensityTarget, recording, toggleRecording } from "../../state/curve";
import { busy } from "../../state/jobs";
import { attempt } from "../../state/notices";
import { prompt } from "../../state/settings";
import { follow, shape } from "../../state/sound";
import { Icon } from "../Icon";
import { NumberField } from "./NumberField";
import { Running } from "./Running";
import { Words } from "./Words";

const steps = signal(16);
const takes = signal(2);

const isShaping = (job: Job, clip: Clip): boolean =>
  job.kind === "shape"
    ? job.request["clip"] === clip.id
    : job.kind === "generate" && Array.isArray(job.request["targets"]) && job.request["targets"].length > 0;

/** An intensity curve: what was made here is made again from its own words and noise, for a recording words are given. */
export function ShapeTab({ clip }: { clip: Clip }) {
  const own = clip.recipe !== null;
  const [words, setWords] = useState(clip.prompt || prompt.peek());
  const target = intensityTarget();
  const running = busy.value.find((job) => isShaping(job, clip));
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!target) return;
        attempt(() =>
          own
            ? shape([target], takes.value, steps.value)
            : follow(words.trim(), [target], takes.value, steps.value),
        );
      }}
    >
      <p class="dim" id="about-curve">
        {own
          ? "The same sound again, to a curve: the same words, noise and guidance. "
          : "A recording cannot be made again, but takes of your words can follow its course. "}
        Draw how loud it should be over time, right on the waveform. By keyboard: Tab to a point, arrows move it,
        Insert adds one, Delete removes it.
      </p>
      <div class="line">
        <button
          type="button"
          class={recording.value ? "recording" : ""}
          aria-pressed={recording.value !== null}
          onClick={() => attempt(toggleRecording)}
        >
          <Icon name="mic" /> {recording.value ? "Stop" : "Record with the microphone"}
        </button>
        <button type="button" onClick={fromSound}>
          From this sound
        </button>
        {curve.value.length === 0 && (
          <button type="button" onClick={fromNothing}>
            Flat line
          </button>
        )}
        {curve.value.length > 0 && (
          <button type="button" onClick={clear}>
            Clear
          </button>
        )}
        <span class="dim">{target ? `${target.points.length} points` : "no curve yet"}</span>
      </div>
      <div class="line">
        {!own && (
          <Words value={words} placeholder="what the takes should be" onChange={setWords} />
        )}
        <NumberField
          label="Takes"
          value={takes}
          low={1}
          high={9}
          step={1}
          explanation="How many takes follow the curve."
        />
        <NumberField
          label="Steps"
          value={steps}
          low={2}
          high={32}
          step={1}
          explanation="Each step corrects the course: more follow the curve more closely."
        />
        <button class="primary" disabled={!target || (!own && !words.trim())}>
          Make takes to the curve
        </button>
      </div>
      <Running job={running} />
    </form>
  );
}
