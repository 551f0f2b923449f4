import type { RefObject } from "preact";
import type { Clip } from "../../api/types";
import { playing, stop } from "../../audio/player";
import { labelOf } from "../../lib/format";
import { Icon } from "../Icon";

interface Props {
  clip: Clip;
  /** By keys one goes from `row-play` to `row-play`. */
  kind: "row-play" | "row-hear";
  onPlay: () => void;
  button?: RefObject<HTMLButtonElement | null>;
}

/** Plays a sound of the list, or stops it. */
export function PlayButton({ clip, kind, onPlay, button }: Props) {
  const plays = playing.value?.a === clip.id;
  return (
    <button
      ref={button ?? null}
      class={kind}
      aria-label={`${plays ? "Stop" : "Play"} ${labelOf(clip)}`}
      onClick={() => (plays ? stop() : onPlay())}
    >
      <Icon name={plays ? "stop" : "play"} filled />
    </button>
  );
}
