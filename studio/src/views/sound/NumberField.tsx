import { type Signal, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { numberIn } from "../../lib/field";
import { decimals } from "../../lib/format";

interface Props {
  label: string;
  value: Signal<number>;
  low: number;
  high: number;
  step: number;
  unit?: string;
  explanation: string;
  /** With a slider beside the number. */
  slider?: boolean;
  onChange?: (value: number) => void;
}

export function NumberField({ label, value, low, high, step, unit, explanation, slider = false, onChange }: Props) {
  const id = useId();
  /** What is being typed: shown until it is done, however often something else draws the form anew. */
  const draft = useSignal<string | null>(null);
  const change = (event: Event): void => {
    draft.value = null;
    const next = numberIn(event.currentTarget as HTMLInputElement, decimals(value.peek(), step));
    if (next === null) return;
    value.value = next;
    onChange?.(value.peek());
  };
  const common = { min: low, max: high, step };
  return (
    <div class={slider ? "field slides" : "field"}>
      <label for={id}>{label}</label>
      {slider && (
        <input type="range" {...common} value={value.value} aria-label={`${label}, slider`} onInput={change} />
      )}
      <span class="number">
        <input
          id={id}
          type="number"
          {...common}
          value={draft.value ?? decimals(value.value, step)}
          aria-describedby={`${id}-about`}
          onInput={(event) => (draft.value = event.currentTarget.value)}
          onBlur={() => (draft.value = null)}
          onChange={change}
        />
        {unit && <span class="unit">{unit}</span>}
      </span>
      <span id={`${id}-about`} class="about" role="tooltip">
        {explanation}
      </span>
    </div>
  );
}
