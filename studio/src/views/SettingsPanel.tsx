import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { seedIn } from "../api/json";
import { numberIn } from "../lib/field";
import { decimals } from "../lib/format";
import {
  controls,
  DEFAULTS,
  defaultOf,
  mostWords,
  NEGATIVE_EXPLANATION,
  SEED_EXPLANATION,
  set,
  settings,
  valueOf,
  type Control,
} from "../state/settings";
import { lockSeed } from "../state/sound";
import { Icon } from "./Icon";

/** The explanation of what is pointed at or focused: always in one place, so that nothing is covered. */
const explained = signal<{ title: string; text: string } | null>(null);

export function SettingsPanel() {
  return (
    <aside class="settings" aria-label="Settings">
      <header>
        <h2>Settings</h2>
        <button class="quiet small" onClick={() => set(DEFAULTS)}>
          Reset
        </button>
      </header>
      <div class="settings-rows">
        {controls.value.map((control) => (
          <Slider key={control.key} control={control} />
        ))}
        <Row id="negative" title="Away from" text={NEGATIVE_EXPLANATION}>
          <label for="set-negative">Away from</label>
          <input
            id="set-negative"
            class="wide"
            type="text"
            placeholder="negative prompt"
            maxLength={mostWords.value}
            value={settings.value.negative}
            aria-describedby="about-negative"
            onInput={(event) => set({ negative: event.currentTarget.value })}
          />
        </Row>
        <Seed />
      </div>
      <p class="explained" aria-hidden="true">
        {explained.value ? (
          <>
            <strong>{explained.value.title}.</strong> {explained.value.text}
          </>
        ) : (
          "Point at a setting, or move to it, to read what it does."
        )}
      </p>
    </aside>
  );
}

function Row({ id, title, text, children }: { id: string; title: string; text: string; children: ComponentChildren }) {
  const explain = (): void => void (explained.value = { title, text });
  return (
    <div class="setting" onMouseEnter={explain} onFocusCapture={explain}>
      {children}
      <span id={`about-${id}`} class="unseen">
        {text}
      </span>
    </div>
  );
}

function Slider({ control }: { control: Control }) {
  const { key, label, symbol, unit, low, high, step, explanation } = control;
  const value = valueOf(key);
  const id = `set-${key}`;
  const change = (event: Event): void => {
    const next = numberIn(event.currentTarget as HTMLInputElement, decimals(value, step));
    if (next !== null) set({ [key]: next });
  };
  const title = symbol ? `${label} ${symbol}` : label;
  return (
    <Row id={key} title={title} text={explanation}>
      <label for={id}>
        {label}
        {symbol && <i class="symbol"> {symbol}</i>}
      </label>
      <span class="number">
        {value !== defaultOf(key) && (
          <button
            class="quiet tiny"
            aria-label={`${label} back to ${decimals(defaultOf(key), step)}`}
            onClick={() => set({ [key]: DEFAULTS[key] })}
          >
            <Icon name="reset" />
          </button>
        )}
        <input
          type="number"
          min={low}
          max={high}
          step={step}
          value={decimals(value, step)}
          aria-label={`${title}, number`}
          onChange={change}
        />
        {unit && <span class="unit">{unit}</span>}
      </span>
      <input
        id={id}
        type="range"
        min={low}
        max={high}
        step={step}
        value={value}
        aria-describedby={`about-${key}`}
        onInput={change}
      />
    </Row>
  );
}

function Seed() {
  const { seedLocked, seed } = settings.value;
  return (
    <Row id="seed" title="Seed" text={SEED_EXPLANATION}>
      <label for="set-seed">Seed</label>
      <span class="number">
        <button
          class={seedLocked ? "small pressed" : "small"}
          aria-pressed={seedLocked}
          aria-describedby="about-seed"
          onClick={() => lockSeed(!seedLocked)}
        >
          <Icon name={seedLocked ? "lock" : "unlock"} /> {seedLocked ? "Locked" : "Lock"}
        </button>
      </span>
      <input
        id="set-seed"
        class="wide"
        type="text"
        inputMode="numeric"
        value={seedLocked ? seed : ""}
        disabled={!seedLocked}
        placeholder="new each time"
        onChange={(event) => {
          const next = seedIn(event.currentTarget.value);
          if (next === null) event.currentTarget.value = seed;
          else set({ seed: next });
        }}
      />
    </Row>
  );
}
