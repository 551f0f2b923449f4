interface Props<Value extends string | number> {
  name: string;
  /** What is chosen, for those who do not see it. */
  legend: string;
  /** Id of what explains it. */
  about: string;
  options: readonly (readonly [Value, string])[];
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few, side by side. */
export function Choice<Value extends string | number>({ name, legend, about, options, value, onChange }: Props<Value>) {
  return (
    <fieldset class="segments" aria-describedby={about}>
      <legend class="unseen">{legend}</legend>
      {options.map(([option, label]) => (
        <label key={option} class="segment">
          <input
            type="radio"
            name={name}
            class="unseen"
            checked={value === option}
            onChange={() => onChange(option)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
