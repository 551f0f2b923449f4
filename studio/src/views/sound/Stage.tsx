import type { Clip } from "../../api/types";
import { bufferOf } from "../../audio/buffers";
import { side } from "../../audio/player";
import { tab } from "../../state/place";
import { region } from "../../state/sound";
import { auditioning } from "../../state/takes";
import { Spectrogram } from "../TakeCard";
import { CurveEditor } from "./CurveEditor";
import { peakOf } from "./peak";
import { Waveform } from "./Waveform";

/** The waveforms: the chosen sound, and below it the one it is compared with, drawn to one scale. */
export function Stage({ clip, other }: { clip: Clip; other: Clip | null }) {
  const most = Math.max(peakOf(clip.id), other ? peakOf(other.id) : 0);
  const longest = Math.max(clip.seconds, other?.seconds ?? 0);
  const drawing = tab.value === "shape";
  return (
    <div class={other ? "stage paired" : "stage"} data-side={side.value}>
      <div class="lane a">
        {other && (
          <span class="lane-letter" aria-hidden="true">
            A
          </span>
        )}
        <div class="lane-pictures" style={{ width: `${(clip.seconds / longest) * 100}%` }}>
          <Waveform key={`${clip.id}`} clip={clip} most={most} height={other ? 72 : 104} selectable={!drawing} />
          {drawing && <CurveEditor clip={clip} height={other ? 72 : 104} />}
          <Spectrogram
            id={clip.id}
            wanted={bufferOf(clip.id).value !== null && !auditioning.value}
            width={960}
            height={72}
          />
        </div>
      </div>
      {other && (
        <div class="lane b">
          <span class="lane-letter" aria-hidden="true">
            B
          </span>
          <div class="lane-pictures" style={{ width: `${(other.seconds / longest) * 100}%` }}>
            <Waveform key={other.id} clip={other} most={most} height={72} selectable={false} />
            <Spectrogram id={other.id} wanted={bufferOf(other.id).value !== null} width={960} height={72} />
          </div>
        </div>
      )}
      {region.value && !drawing && (
        <p class="selection dim">
          Selected {region.value.start.toFixed(2)} to {region.value.end.toFixed(2)} s
          <button class="link" onClick={() => (tab.value = "edit")}>
            Refill it
          </button>
          <button class="link" onClick={() => (region.value = null)}>
            Clear
          </button>
        </p>
      )}
    </div>
  );
}
