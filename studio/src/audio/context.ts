/** The one audio context: at the model's own sample rate, so that decoding need not resample. */

let context: AudioContext | null = null;
let rate = 44100;

export function setSampleRate(value: number): void {
  if (!context) rate = value;
}

export function audio(): AudioContext {
  context ??= new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  return context;
}

/** Browsers hold sound back until the page was touched. */
export async function wake(): Promise<void> {
  if (audio().state === "suspended") await audio().resume();
}
