import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { peaks as fetchPeaks } from "../api/calls";
import type { Id } from "../api/types";
import { bufferOf } from "../audio/buffers";
import { peaksOf } from "../audio/levels";
import { playhead, playing } from "../audio/player";

const COUNT = 160;
const KEPT = 600; // shapes; a few kilobytes each
const shapes = new Map<Id, string>();

/** A small waveform: one path, coloured by the style sheet, and a line where it plays. */
export function Wave({ id, seconds, eager = false }: { id: Id; seconds: number; eager?: boolean }) {
  const path = usePath(id, eager);
  const box = useRef<SVGSVGElement>(null);
  const line = useRef<SVGLineElement>(null);
  useSignalEffect(() => {
    const now = playing.value;
    const mine = now?.a === id;
    line.current?.classList.toggle("on", mine);
    if (!mine) return;
    const at = String((playhead.value / Math.max(0.01, seconds)) * COUNT);
    line.current?.setAttribute("x1", at);
    line.current?.setAttribute("x2", at);
  });
  return (
    <svg ref={box} class="wave" viewBox={`0 0 ${COUNT} 100`} preserveAspectRatio="none" aria-hidden="true">
      {path && <path d={path} />}
      <line ref={line} y1="0" y2="100" />
    </svg>
  );
}

/** From the decoded sound where it is at hand (the grid), else from the server's peaks (the library). */
function usePath(id: Id, eager: boolean): string {
  const buffer = bufferOf(id).value;
  const [fetched, setFetched] = useState("");
  useEffect(() => {
    if (eager || shapes.has(id) || bufferOf(id).peek()) return;
    const controller = new AbortController();
    fetchPeaks(id, COUNT, controller.signal).then(
      ({ peaks }) => {
        const shape = draw(
          peaks.map(([, high]) => high),
          peaks.map(([low]) => low),
        );
        remember(id, shape);
        setFetched(shape);
      },
      () => undefined, // a row without its waveform is still a row
    );
    return () => controller.abort();
  }, [id, eager]);
  const known = shapes.get(id);
  if (known) return known;
  if (!buffer) return fetched;
  const { high, low } = peaksOf(buffer.getChannelData(0), COUNT);
  const shape = draw([...high], [...low]);
  remember(id, shape);
  return shape;
}

function remember(id: Id, shape: string): void {
  shapes.set(id, shape);
  if (shapes.size > KEPT) shapes.delete(shapes.keys().next().value!);
}

/** Quiet sounds are drawn larger, silence stays a line. */
function draw(high: readonly number[], low: readonly number[]): string {
  const most = Math.max(0.02, ...high, ...low.map((value) => -value));
  const y = (value: number): string => (50 - (value / most) * 47).toFixed(1);
  const above = high.map((value, x) => `${x + 0.5},${y(Math.max(value, most * 0.012))}`);
  const below = low.map((value, x) => `${x + 0.5},${y(Math.min(value, -most * 0.012))}`).reverse();
  return `M${above.join("L")}L${below.join("L")}Z`;
}
