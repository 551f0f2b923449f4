import { mostWords } from "../../state/settings";

interface Props {
  value: string;
  placeholder: string;
  onChange: (words: string) => void;
}

/** The words of an edit, or of takes that follow a curve. */
export function Words({ value, placeholder, onChange }: Props) {
  return (
    <label class="field grow">
      <span>Words</span>
      <input
        type="text"
        value={value}
        maxLength={mostWords.value}
        placeholder={placeholder}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
