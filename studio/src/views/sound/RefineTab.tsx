import { signal } from "@preact/signals";
import { busy } from "../../state/jobs";
import { attempt } from "../../state/notices";
import { refineSteps } from "../../state/settings";
import { current, refine, vary } from "../../state/sound";
import { Choice } from "./Choice";
import { NumberField } from "./NumberField";
import { Running } from "./Running";

const STEPS = [2, 4, 8, 16].map((steps) => [steps, `${steps}`] as const);
type Way = "turn" | "gamma";
const WAYS: [Way, string][] = [
  ["turn", "Turn the start"],
  ["gamma", "Another course"],
];
const AMOUNTS = {
  turn: { label: "Turn", value: signal(0.2), explanation: "How far: 0.2 is near the take, 1 another sound of its words." },
  gamma: {
    label: "Chance γ",
    value: signal(0.3),
    explanation: "How much fresh noise is added between steps. Below 0.2, relatives are much alike.",
  },
};
const way = signal<Way>("turn");
const takes = signal(4);

export function RefineTab() {
  const clip = current.value;
  const isTake = clip !== null && clip.recipe !== null;
  const turned = way.value === "turn";
  const amount = AMOUNTS[way.value];
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
          <Choice
            name="refine-steps"
            legend="Steps of the refinement"
            about="about-refine"
            options={STEPS}
            value={refineSteps.value}
            onChange={(steps) => (refineSteps.value = steps)}
          />
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
          const by = turned ? { turn: amount.value.value } : { gamma: amount.value.value, steps: refineSteps.value };
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
          <Choice
            name="vary-way"
            legend="How relatives are made"
            about="about-vary"
            options={WAYS}
            value={way.value}
            onChange={(chosen) => (way.value = chosen)}
          />
        </div>
        <div class="line">
          <NumberField key={way.value} {...amount} low={0.05} high={1} step={0.05} />
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
