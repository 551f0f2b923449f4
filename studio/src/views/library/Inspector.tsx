import type { Clip } from "../../api/types";
import { bufferOf } from "../../audio/buffers";
import { change } from "../../state/clips";
import { bin, soundsLike } from "../../state/library";
import { attempt } from "../../state/notices";
import { show } from "../../state/place";
import { restoreControls } from "../../state/settings";
import { current } from "../../state/sound";
import { FamilyTab } from "../sound/FamilyTab";
import { Head } from "../sound/Head";
import { peakOf } from "../sound/peak";
import { Waveform } from "../sound/Waveform";
import { Spectrogram } from "../TakeCard";
import { Icon } from "../Icon";

const ABOUT_BIN =
  "Deleted sounds stay here, and can be restored, until you delete them for good: only that frees the disk.";

/** The chosen sound beside the list: what it is, what it came from. */
export function Inspector() {
  const clip = current.value;
  if (bin.value || !clip)
    return (
      <aside class="inspector" aria-label="Chosen sound">
        <p class="dim empty">{bin.value ? ABOUT_BIN : "Choose a sound to see what it is made of."}</p>
      </aside>
    );
  return (
    <aside class="inspector" aria-label="Chosen sound">
      <Head clip={clip} />
      <div class="stage">
        <Waveform key={clip.id} clip={clip} most={peakOf(clip.id)} height={84} selectable={false} />
        <Spectrogram id={clip.id} wanted={bufferOf(clip.id).value !== null} width={480} height={72} />
      </div>
      {!clip.deleted && <Work clip={clip} />}
      {clip.recipe && <RecipeFacts clip={clip} />}
      <h3>Family</h3>
      <FamilyTab />
    </aside>
  );
}

/** What a deleted sound has no use for. */
function Work({ clip }: { clip: Clip }) {
  return (
    <>
      <div class="line">
        <button class="primary" onClick={() => show("studio")}>
          Open in the studio
        </button>
        <button onClick={() => soundsLike(clip.id)}>
          <Icon name="ear" /> Sounds like this
        </button>
      </div>
      <TagEditor clip={clip} />
    </>
  );
}

function TagEditor({ clip }: { clip: Clip }) {
  return (
    <div class="tag-editor">
      <h3 id="tags-title">Tags</h3>
      <ul class="tags" aria-labelledby="tags-title">
        {clip.tags.map((tag) => (
          <li key={tag} class="tag">
            {tag}
            <button
              class="quiet tiny"
              aria-label={`Remove the tag ${tag}`}
              onClick={() => attempt(() => change(clip.id, { tags: clip.tags.filter((each) => each !== tag) }))}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
        <li>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              add(clip, event.currentTarget);
            }}
          >
            <label>
              <span class="unseen">New tag</span>
              <input class="small" name="tag" placeholder="add a tag" maxLength={40} />
            </label>
          </form>
        </li>
      </ul>
    </div>
  );
}

function add(clip: Clip, form: HTMLFormElement): void {
  const tag = String(new FormData(form).get("tag") ?? "").trim();
  form.reset();
  if (tag && !clip.tags.includes(tag)) attempt(() => change(clip.id, { tags: [...clip.tags, tag] }));
}

const fact = (name: string, value: string): [string, string][] => [[name, value]];

function RecipeFacts({ clip }: { clip: Clip }) {
  const recipe = clip.recipe!;
  const facts: [string, string][] = [
    ["Words", recipe.prompt || "none"],
    ...(recipe.edit ? fact("Seed", recipe.seed) : fact("Seed, take", `${recipe.seed}, ${recipe.take + 1}`)),
    ["Steps", String(recipe.steps)],
    ["ω, ν, γ", `${recipe.omega}, ${recipe.nu}, ${recipe.gamma}`],
    ...(recipe.turns?.length ? fact("Turned", recipe.turns.map(({ share }) => share.toFixed(2)).join(", ")) : []),
    ...(recipe.negative ? fact("Away from", recipe.negative) : []),
    ...(recipe.targets?.length ? fact("Curves", recipe.targets.map((target) => target.feature).join(", ")) : []),
  ];
  return (
    <section class="recipe">
      <h3>Recipe</h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <button
        class="link"
        onClick={() => {
          restoreControls(clip.name, recipe);
          show("studio");
        }}
      >
        Set the controls to this recipe
      </button>
    </section>
  );
}
