import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin from "wavesurfer.js/plugins/regions";
import type { Clip } from "../../api/types";
import { bufferOf, load } from "../../audio/buffers";
import { peaksOf } from "../../audio/levels";
import { playhead, playing } from "../../audio/player";
import { adoptStyle } from "../../lib/adopt";
import { fault } from "../../state/notices";
import { playChosen, region } from "../../state/sound";

const SHORTEST = 0.01; // seconds that count as a selection
const DETAIL = 1200; // parts of the waveform: more than a wide window has pixels for

interface Props {
  clip: Clip;
  /** The sample value that fills the height. */
  most: number;
  height: number;
  selectable: boolean;
}

/**
 * wavesurfer.js draws the waveform and the selection; the sound is played by audio/player.ts, which can play two in step.
 */
export function Waveform({ clip, most, height, selectable }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  const buffer = bufferOf(clip.id).value;
  useEffect(() => void (buffer ?? load(clip.id).catch(fault)), [clip.id, buffer]);
  useEffect(() => {
    if (!box.current || !buffer) return;
    const surfer = draw(box.current, buffer, most, height);
    const release = selectable ? selection(surfer, clip.seconds) : () => undefined;
    const repaint = (): void => surfer.setOptions({ waveColor: paint(box.current!) });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", repaint);
    const observer = new MutationObserver(repaint);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", repaint);
      release();
      surfer.destroy();
    };
  }, [buffer, most, height, selectable]);
  useSignalEffect(() => {
    const now = playing.value;
    const on = now?.a === clip.id || now?.b === clip.id || playhead.value > 0;
    if (!cursor.current) return;
    cursor.current.classList.toggle("on", on);
    cursor.current.style.left = `${Math.min(100, (playhead.value / clip.seconds) * 100)}%`;
  });
  return (
    <div
      class="waveform"
      style={{ height: `${height}px` }}
      onClick={(event) => {
        const bounds = event.currentTarget.getBoundingClientRect();
        const at = ((event.clientX - bounds.left) / bounds.width) * clip.seconds;
        playChosen(at).catch(fault);
      }}
    >
      <div ref={box} class="waveform-box" role="img" aria-label={`Waveform of ${clip.name}`} />
      <div ref={cursor} class="cursor" />
    </div>
  );
}

/** A canvas cannot resolve variables: the style sheet gives the box its colour, and the waveform takes that. */
const paint = (element: Element): string => getComputedStyle(element).color;

function draw(container: HTMLElement, buffer: AudioBuffer, most: number, height: number): WaveSurfer {
  const { high, low } = peaksOf(buffer.getChannelData(0), DETAIL);
  const surfer = WaveSurfer.create({
    container,
    height,
    interact: false,
    cursorWidth: 0,
    hideScrollbar: true,
    waveColor: paint(container),
    progressColor: "transparent",
    peaks: [high, low],
    duration: buffer.duration,
    maxPeak: most * 1.04,
    normalize: true,
  });
  adoptStyle(surfer.getWrapper().getRootNode());
  return surfer;
}

/** One region at a time, in step with the `region` signal, which the number fields change too. */
function selection(surfer: WaveSurfer, seconds: number): () => void {
  const regions = surfer.registerPlugin(RegionsPlugin.create());
  const color = "var(--select)"; // a plain element: the variable reaches into the shadow root
  let own = false;
  const show = (): void => {
    if (own || !surfer.getDuration()) return; // a region that comes before the sound would have no length
    own = true;
    regions.clearRegions();
    const wanted = region.value;
    if (wanted) regions.addRegion({ start: wanted.start, end: Math.min(seconds, wanted.end), color });
    own = false;
  };
  const take = (from: { start: number; end: number }): void => {
    if (from.end - from.start < SHORTEST) return;
    own = true;
    region.value = { start: Math.max(0, from.start), end: Math.min(seconds, from.end) };
    own = false;
  };
  regions.on("region-created", (created) => {
    if (own) return;
    for (const other of regions.getRegions()) if (other !== created) other.remove();
    take(created);
  });
  regions.on("region-updated", take);
  const stopDrag = regions.enableDragSelection({ color });
  const unsubscribe = region.subscribe(show);
  surfer.once("ready", show);
  return () => {
    unsubscribe();
    stopDrag();
  };
}
