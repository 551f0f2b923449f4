import { bufferOf } from "../../audio/buffers";
import { peaksOf } from "../../audio/levels";

const measured = new Map<string, number>();

/** The highest sample value of a sound, next to nothing while it is loading. */
export function peakOf(id: string): number {
  const buffer = bufferOf(id).value;
  let most = measured.get(id);
  if (most === undefined && buffer) {
    const { high, low } = peaksOf(buffer.getChannelData(0), 1);
    most = Math.max(0.001, high[0] ?? 0, -(low[0] ?? 0));
    measured.set(id, most);
  }
  return most ?? 0.001;
}
