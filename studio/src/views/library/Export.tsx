import type { AudioFormat, Rate } from "../../api/types";
import { exportClips, exportFormat, exporting, exportRate } from "../../state/exports";
import { attempt } from "../../state/notices";
import { Dialog } from "../Dialog";

const FORMATS: [AudioFormat, string, string][] = [
  ["wav24", "WAV, 24 bit", "Exact, and what most programs read."],
  ["wav32f", "WAV, float", "The numbers as they were made."],
  ["flac", "FLAC", "Exact, and smaller than WAV."],
  ["ogg", "OGG Vorbis", "Small, for sending and listening."],
];
const RATES: [Rate, string][] = [
  ["original", "As made"],
  ["44100", "44.1 kHz"],
  ["48000", "48 kHz"],
];

export function Export() {
  const ids = exporting.value;
  if (!ids) return null;
  const close = (): void => void (exporting.value = null);
  return (
    <Dialog title={ids.length === 1 ? "Export the sound" : `Export ${ids.length} sounds`} onClose={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          close();
          attempt(() => exportClips(ids));
        }}
      >
        <fieldset>
          <legend>Format</legend>
          {FORMATS.map(([value, label, about]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="format"
                checked={exportFormat.value === value}
                onChange={() => (exportFormat.value = value)}
              />
              <span>
                {label} <small class="dim">{about}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <fieldset class="inline">
          <legend>Sample rate</legend>
          {RATES.map(([value, label]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="rate"
                checked={exportRate.value === value}
                onChange={() => (exportRate.value = value)}
              />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <p class="dim">The recipe of what was made here travels inside the file: dropped back, it sets the controls as they were.</p>
        <div class="line end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button class="primary">Export</button>
        </div>
      </form>
    </Dialog>
  );
}
