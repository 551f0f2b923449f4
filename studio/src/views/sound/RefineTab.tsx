import { signal } from "@preact/signals";
import { busy } from "../../state/jobs";
import { attempt } from "../../state/notices";
import { refineSteps } from "../../state/settings";
import { current, refine, vary } from "../../state/sound";
import { NumberField } from "./NumberField";
import { Running } from "./Running";

const STEPS = [2, 4, 8, 16];
const gamma = signal(0.3);
const takes = signal(4);

export function RefineTab() {
  const clip = current.value;
  const isTake = clip !== null && clip.recipe !== null;
  const running = busy.value.find(
    (job) => (job.kind === "refine" || job.kind === "vary") && job.request["clip"] === clip?.id,
  );
  return (
    <div class="columns">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt(() => refine());
        }}
      >
        <h3>Refine</h3>
        <p class="dim" id="about-refine">
          The same take in more steps: the same noise and words, so its content stays while its sound gets cleaner.
        </p>
        <div class="line">
          <fieldset class="segments" aria-describedby="about-refine">
            <legend class="unseen">Steps of the refinement</legend>
            {STEPS.map((steps) => (
              <label key={steps} class="segment">
                <input
                  type="radio"
                  name="refine-steps"
                  class="unseen"
                  checked={refineSteps.value === steps}
                  onChange={() => (refineSteps.value = steps)}
                />
                {steps}
              </label>
            ))}
          </fieldset>
          <button class="primary" disabled={!isTake}>
            Refine to {refineSteps.value} steps <kbd>R</kbd>
          </button>
        </div>
        {!isTake && (
          <p class="dim">
            Only what was made here can be refined: a recording has no recipe. Edit → Transform works with any sound.
          </p>
        )}
        <Running job={running} />
      </form>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt(() => vary(gamma.value, takes.value, refineSteps.value));
        }}
      >
        <h3>Vary</h3>
        <p class="dim" id="about-vary">
          Relatives of the take in {refineSteps.value} steps: the same start, another course. More chance (γ) leads
          further away.
        </p>
        <div class="line">
          <NumberField
            label="Chance γ"
            value={gamma}
            low={0.05}
            high={1}
            step={0.05}
            explanation="How much fresh noise is added between steps."
          />
          <NumberField
            label="Takes"
            value={takes}
            low={1}
            high={9}
            step={1}
            explanation="How many relatives are made."
          />
          <button disabled={!isTake}>Vary</button>
        </div>
      </form>
    </div>
  );
}
