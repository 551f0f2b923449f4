import type { Clip } from "../../api/types";
import { looping, playing } from "../../audio/player";
import { kindOf, seconds, stepsOf, takeOf } from "../../lib/format";
import { restore } from "../../state/bin";
import { dragOut, exporting } from "../../state/exports";
import { soundsLike } from "../../state/library";
import { attempt } from "../../state/notices";
import { star, toggle, toggleLoop } from "../../state/sound";
import { discardChosen } from "../../state/walk";
import { restoreControls } from "../../state/settings";
import { Icon } from "../Icon";
import { Name } from "./Name";

export function Head({ clip }: { clip: Clip }) {
  const plays = playing.value?.a === clip.id;
  return (
    <header class="sound-head">
      <button class="round" aria-label={plays ? "Stop" : "Play"} title="Space" onClick={toggle}>
        <Icon name={plays ? "stop" : "play"} filled />
      </button>
      <div class="sound-title">
        {clip.deleted ? <h2 class="name">{clip.name}</h2> : <Name key={clip.id} clip={clip} />}
        <Facts clip={clip} />
      </div>
      {clip.deleted ? <Deleted clip={clip} /> : <Tools clip={clip} />}
    </header>
  );
}

/** What can be done to a sound that was deleted, perhaps in another window, while one looked at it. */
function Deleted({ clip }: { clip: Clip }) {
  return (
    <div class="sound-gone">
      <strong class="bad">Deleted</strong>
      <button onClick={() => attempt(() => restore([clip.id]))}>
        <Icon name="reset" /> Restore
      </button>
    </div>
  );
}

function Tools({ clip }: { clip: Clip }) {
  return (
    <div class="sound-tools">
      <button
        class={looping.value ? "quiet icon-only pressed" : "quiet icon-only"}
        aria-pressed={looping.value}
        aria-label="Play in a loop"
        title="Play in a loop (L)"
        onClick={toggleLoop}
      >
        <Icon name="loop" />
      </button>
      <button
        class={clip.starred ? "quiet icon-only starred" : "quiet icon-only"}
        aria-pressed={clip.starred}
        aria-label="Star"
        title="Star (S)"
        onClick={() => attempt(() => star(clip.id))}
      >
        <Icon name="star" filled={clip.starred} />
      </button>
      {clip.recipe && (
        <button
          class="quiet icon-only"
          aria-label="Set the controls as they were for this sound"
          title="Controls as for this sound"
          onClick={() => restoreControls(clip.name, clip.recipe!)}
        >
          <Icon name="reset" />
        </button>
      )}
      <button
        class="quiet icon-only"
        aria-label="Find sounds like this"
        title="Sounds like this"
        onClick={() => soundsLike(clip.id)}
      >
        <Icon name="ear" />
      </button>
      <button
        class="quiet icon-only"
        aria-label="Export"
        title="Export, or drag from here to a folder"
        draggable
        onDragStart={(event) => dragOut(event, clip)}
        onClick={() => (exporting.value = [clip.id])}
      >
        <Icon name="download" />
      </button>
      <button class="quiet icon-only" aria-label="Delete" title="Delete" onClick={() => attempt(discardChosen)}>
        <Icon name="bin" />
      </button>
    </div>
  );
}

export function Facts({ clip }: { clip: Clip }) {
  const facts = [
    kindOf(clip),
    stepsOf(clip),
    seconds(clip.seconds),
    clip.seed === null ? "" : `seed ${clip.seed}`,
    takeOf(clip),
    `${clip.loudness.toFixed(1)} dB`,
    `${(clip.sample_rate / 1000).toFixed(1)} kHz`,
  ];
  return <p class="facts">{facts.filter(Boolean).join(" · ")}</p>;
}
