/** The number in a field, within its bounds; a field that was emptied shows again what it stood for, and gives null. */
export function numberIn(field: HTMLInputElement, shown: string): number | null {
  const number = field.valueAsNumber;
  if (Number.isFinite(number)) return Math.min(Number(field.max || Infinity), Math.max(Number(field.min), number));
  field.value = shown;
  return null;
}
