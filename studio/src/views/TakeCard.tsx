import { useRef } from "preact/hooks";
import { spectrogramUrl } from "../api/calls";
import type { Clip, Id } from "../api/types";
import { bufferOf } from "../audio/buffers";
import { playing } from "../audio/player";
import { seconds, stepsOf } from "../lib/format";
import { clipOf } from "../state/clips";
import { dragOut } from "../state/exports";
import { attempt } from "../state/notices";
import { chosen } from "../state/place";
import { pick, star, toggle } from "../state/sound";
import { auditioning } from "../state/takes";
import { useFollowFocus } from "./focus";
import { Icon } from "./Icon";
import { Wave } from "./Wave";

export function TakeCard({ id, index, stale }: { id: Id | null; index: number; stale: boolean }) {
  const clip = id ? clipOf(id).value : null;
  if (!clip)
    return (
      <li class="card waiting">
        <span class="unseen">Take {index + 1} is being made</span>
      </li>
    );
  return <Card clip={clip} index={index} stale={stale} />;
}

function Card({ clip, index, stale }: { clip: Clip; index: number; stale: boolean }) {
  const { id } = clip;
  const isChosen = chosen.value === id;
  const plays = playing.value?.a === id;
  const ready = bufferOf(id).value !== null;
  const button = useRef<HTMLButtonElement>(null);
  useFollowFocus(button, isChosen, "card-play");
  return (
    <li
      class={`card${isChosen ? " chosen" : ""}${stale ? " stale" : ""}${plays ? " plays" : ""}`}
      aria-current={isChosen ? "true" : undefined}
      draggable
      onDragStart={(event) => dragOut(event, clip)}
    >
      <button
        ref={button}
        class="card-play"
        tabIndex={isChosen || (chosen.value === null && index === 0) ? 0 : -1}
        aria-description={`${stepsOf(clip)}${clip.starred ? ", starred" : ""}`}
        onClick={() => (isChosen && plays ? toggle() : pick(id, true))}
      >
        <span class="card-pictures">
          <Wave id={id} seconds={clip.seconds} eager />
          <Spectrogram id={id} wanted={ready && (!auditioning.value || (clip.steps ?? 0) > 4)} />
        </span>
        <span class="card-foot">
          <span class="unseen">{plays ? "Stop" : "Play"} take</span>
          {index < 9 && <kbd class="card-key">{index + 1}</kbd>}
          <span class="card-sign">
            <Icon name={plays ? "stop" : "play"} filled />
          </span>
          <span>{seconds(clip.seconds)}</span>
          <span class="dim">
            <span class="word">seed </span>
            {clip.seed ?? "–"}
          </span>
          <span class="dim">
            <span class="word">take </span>
            <span class="dot">· </span>
            {clip.take === null ? "–" : clip.take + 1}
          </span>
        </span>
      </button>
      <button
        class={clip.starred ? "card-star on" : "card-star"}
        tabIndex={isChosen ? 0 : -1}
        aria-pressed={clip.starred}
        aria-label={`Star take ${index + 1}`}
        onClick={() => attempt(() => star(id))}
      >
        <Icon name="star" filled={clip.starred} />
      </button>
    </li>
  );
}

/**
 * The server's picture as a mask over a plain colour, so that it has the theme's colours. Asked for only when `wanted`
 * (what is heard goes first), then kept.
 */
export function Spectrogram({
  id,
  wanted,
  width = 360,
  height = 56,
}: {
  id: Id;
  wanted: boolean;
  width?: number;
  height?: number;
}) {
  const image = `url("${spectrogramUrl(id, width, height)}")`;
  const asked = useRef("");
  if (wanted) asked.current = image;
  return (
    <span class="spectrogram" aria-hidden="true">
      {asked.current === image && <span class="spectrogram-ink" style={{ maskImage: image }} />}
    </span>
  );
}
