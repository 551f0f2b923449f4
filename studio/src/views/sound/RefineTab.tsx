import { signal } from "@preact/signals";
import { busy } from "../../state/jobs";
import { attempt } from "../../state/notices";
import { refineSteps } from "../../state/settings";
import { current, refine, vary } from "../../state/sound";
import { NumberField } from "./NumberField";
import { Running } from "./Running";

const STEPS = [2, 4, 8, 16];
const WAYS = { turn: "Turn the start", gamma: "Another course" };
const way = signal<keyof typeof WAYS>("turn");
const turn = signal(0.2);
const gamma = signal(0.3);
const takes = signal(4);

export function RefineTab() {
  const clip = current.value;
  const isTake = clip !== null && clip.recipe !== null;
  const turned = way.value === "turn";
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
          const by = turned ? { turn: turn.value } : { gamma: gamma.value, steps: refineSteps.value };
          attempt(() => vary(by, takes.value));
        }}
      >
        <h3>Vary</h3>
        <p class="dim" id="about-vary">
          {turned
            ? "Relatives of the take, in as many steps as it has: their start is its own, turned toward other noise."
            : `Relatives of the take in ${refineSteps.value} steps: the same start, another course. More chance (γ) leads further away.`}
        </p>
        <div class="line">
          <fieldset class="segments" aria-describedby="about-vary">
            <legend class="unseen">How relatives are made</legend>
            {(Object.keys(WAYS) as (keyof typeof WAYS)[]).map((name) => (
              <label key={name} class="segment">
                <input
                  type="radio"
                  name="vary-way"
                  class="unseen"
                  checked={way.value === name}
                  onChange={() => (way.value = name)}
                />
                {WAYS[name]}
              </label>
            ))}
          </fieldset>
        </div>
        <div class="line">
          {turned ? (
            <NumberField
              label="Turn"
              value={turn}
              low={0.05}
              high={1}
              step={0.05}
              explanation="How far: 0.2 is near the take, 1 another sound of its words."
            />
          ) : (
            <NumberField
              label="Chance γ"
              value={gamma}
              low={0.05}
              high={1}
              step={0.05}
              explanation="How much fresh noise is added between steps. Below 0.2, relatives are much alike."
            />
          )}
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
