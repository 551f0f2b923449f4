import { useRef } from "preact/hooks";
import type { Clip } from "../../api/types";
import { insertAfter, move, overwrite, type Bound } from "../../audio/curve";
import { FLOOR } from "../../audio/levels";
import { curve, levels, setCurve } from "../../state/curve";

const WIDTH = 1000;
const LINES = [-12, -24, -36, -48];

/** The curve over the waveform: 0 dB at the top, -60 dB at the bottom. */
export function CurveEditor({ clip, height }: { clip: Clip; height: number }) {
  const stroke = useRef<{ points: Bound[]; before: Bound[] } | null>(null);
  const x = (time: number): number => (time / clip.seconds) * WIDTH;
  const y = (level: number): number => (level / FLOOR) * height;
  const at = (event: PointerEvent): Bound => {
    const bounds = (event.currentTarget as Element).getBoundingClientRect();
    const time = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width)) * clip.seconds;
    const level = Math.min(1, Math.max(0, (event.clientY - bounds.top) / bounds.height)) * FLOOR;
    return [time, level];
  };
  const draw = (event: PointerEvent): void => {
    if (!stroke.current) return;
    stroke.current.points.push(at(event));
    setCurve(overwrite(stroke.current.before, stroke.current.points));
  };
  const line = (points: readonly Bound[]): string =>
    points.map(([time, level]) => `${x(time).toFixed(1)},${y(level).toFixed(1)}`).join(" ");
  return (
    <div
      class="curve-editor"
      style={{ height: `${height}px` }}
      role="group"
      aria-label="Intensity curve"
      aria-describedby="about-curve"
    >
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          stroke.current = { points: [at(event)], before: curve.peek() };
        }}
        onPointerMove={draw}
        onPointerUp={(event) => {
          draw(event);
          stroke.current = null;
        }}
        onPointerCancel={() => (stroke.current = null)}
      >
        {LINES.map((level) => (
          <line key={level} class="curve-grid" x1={0} x2={WIDTH} y1={y(level)} y2={y(level)} />
        ))}
        <polyline class="curve-now" points={line(levels.value)} />
        <polyline class="curve-line" points={line(curve.value)} />
      </svg>
      {LINES.map((level) => (
        <span key={level} class="curve-label" style={{ top: `${(level / FLOOR) * 100}%` }} aria-hidden="true">
          {level}
        </span>
      ))}
      {curve.value.length === 0 && (
        <span class="curve-hint" aria-hidden="true">
          Draw here
        </span>
      )}
      {curve.value.map((point, index) => (
        <Handle key={index} index={index} point={point} clip={clip} count={curve.value.length} />
      ))}
    </div>
  );
}

function Handle({ index, point, clip, count }: { index: number; point: Bound; clip: Clip; count: number }) {
  const [time, level] = point;
  const shift = (seconds: number, decibels: number): void =>
    setCurve(move(curve.peek(), index, time + seconds, level + decibels, clip.seconds));
  const drag = (event: PointerEvent): void => {
    const handle = event.currentTarget as HTMLElement;
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const bounds = handle.parentElement!.getBoundingClientRect();
    const seconds = ((event.clientX - bounds.left) / bounds.width) * clip.seconds;
    const level = ((event.clientY - bounds.top) / bounds.height) * FLOOR;
    setCurve(move(curve.peek(), index, seconds, level, clip.seconds));
  };
  const keys: Record<string, () => void> = {
    ArrowUp: () => shift(0, 1),
    ArrowDown: () => shift(0, -1),
    ArrowLeft: () => shift(-0.05, 0),
    ArrowRight: () => shift(0.05, 0),
    PageUp: () => shift(0, 6),
    PageDown: () => shift(0, -6),
    Insert: () => setCurve(insertAfter(curve.peek(), index)),
    Enter: () => setCurve(insertAfter(curve.peek(), index)),
    Delete: () => setCurve(curve.peek().filter((_, at) => at !== index)),
  };
  return (
    <span
      class="handle"
      role="slider"
      tabIndex={0}
      aria-label={`Point ${index + 1} of ${count}, at ${time.toFixed(2)} seconds`}
      aria-valuemin={FLOOR}
      aria-valuemax={0}
      aria-valuenow={Math.round(level)}
      aria-valuetext={`${Math.round(level)} decibels`}
      style={{ left: `${(time / clip.seconds) * 100}%`, top: `${(level / FLOOR) * 100}%` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.stopPropagation();
      }}
      onPointerMove={drag}
      onKeyDown={(event) => {
        const act = keys[event.key];
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      }}
    />
  );
}
