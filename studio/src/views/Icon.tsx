/** The few signs of the page, drawn as strokes on a 16 x 16 field. */

const PATHS = {
  play: "M5 3.2v9.6L12.6 8z",
  stop: "M4 4h8v8H4z",
  loop: "M11.5 2.5 13.5 4.5 11.5 6.5M13 4.5H5A2.5 2.5 0 0 0 2.5 7v1M4.5 13.5 2.5 11.5 4.5 9.5M3 11.5h8A2.5 2.5 0 0 0 13.5 9V8",
  star: "M8 2.2l1.75 3.7 4 .5-2.95 2.8.75 4L8 11.2l-3.55 2 .75-4L2.25 6.4l4-.5z",
  bin: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M7 7v3.5M9 7v3.5",
  lock: "M4.5 7.2h7v5.6h-7zM6 7.2V5.4a2 2 0 0 1 4 0v1.8",
  unlock: "M4.5 7.2h7v5.6h-7zM6 7.2V5.4a2 2 0 0 1 3.9-.6",
  close: "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
  sun: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M12.5 3.5l-.8.8M4.3 11.7l-.8.8",
  moon: "M12.9 9.8A5.4 5.4 0 0 1 6.2 3.1a5.4 5.4 0 1 0 6.7 6.7z",
  auto: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 2.5v11",
  mic: "M8 2.2a1.8 1.8 0 0 1 1.8 1.8v3.6a1.8 1.8 0 0 1-3.6 0V4A1.8 1.8 0 0 1 8 2.2zM4 7.4a4 4 0 0 0 8 0M8 11.4v2.4",
  download: "M8 2.5v7.2M5 7l3 3 3-3M3 12.8h10",
  plus: "M8 3v10M3 8h10",
  list: "M3 4.2h10M3 8h10M3 11.8h10",
  tiles: "M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z",
  search: "M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4zM10.1 10.1l3.2 3.2",
  reset: "M3.2 8a4.8 4.8 0 1 0 1.5-3.5M3 2.6v2.6h2.6",
  ear: "M5 6.2a3.2 3.2 0 0 1 6.4 0c0 2.4-2.2 2.7-2.4 4.8-.1 1.5-2.4 1.9-3 .4M6.8 6.4a1.4 1.4 0 0 1 2.7 0",
  grip: "M6 4v.01M10 4v.01M6 8v.01M10 8v.01M6 12v.01M10 12v.01",
} as const;

export function Icon({ name, filled = false }: { name: keyof typeof PATHS; filled?: boolean }) {
  return (
    <svg class={filled ? "icon filled" : "icon"} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
