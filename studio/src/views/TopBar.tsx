import { effect, signal } from "@preact/signals";
import { busy, drawer, toggleJobs } from "../state/jobs";
import { help } from "../state/keys";
import { connected } from "../state/live";
import { show, view, type View } from "../state/place";
import { model } from "../state/settings";
import { Icon } from "./Icon";

type Theme = "auto" | "light" | "dark";
const THEMES: Theme[] = ["auto", "light", "dark"];
const ICONS = { auto: "auto", light: "sun", dark: "moon" } as const;
const WORDS = { auto: "as the system", light: "light", dark: "dark" };

const plain = ((): Theme => {
  const now = document.documentElement.dataset["theme"];
  return now === "light" || now === "dark" ? now : "auto";
})();
export const theme = signal<Theme>(plain);

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
  try {
    // theme.js reads it before the page is drawn.
    localStorage.setItem("soundctm.theme", theme.value);
  } catch {
    // Barred storage: the choice lasts until the page is closed.
  }
});

export function TopBar() {
  return (
    <header class="topbar">
      <a class="mark" href="#/studio" onClick={go("studio")} aria-label="soundctm studio">
        <svg class="mark-sign" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 10v4M8 7.5v9M12 4v16M16 8.5v7M20 10.5v3" />
        </svg>
        <span>soundctm</span>
      </a>
      <nav aria-label="Views">
        <a
          href="#/studio"
          class="view"
          aria-current={view.value === "studio" ? "page" : undefined}
          onClick={go("studio")}
        >
          Studio
        </a>
        <a
          href="#/library"
          class="view"
          aria-current={view.value === "library" ? "page" : undefined}
          onClick={go("library")}
        >
          Library
        </a>
      </nav>
      <div class="topbar-end">
        {!connected.value && (
          <span class="offline" role="status">
            No connection to the server
          </span>
        )}
        {model.value && (
          <span class="facts" title={`Weights ${model.value.hash}`}>
            model {model.value.name}
          </span>
        )}
        <JobsButton />
        <ThemeButton />
        <button class="quiet" onClick={() => (help.value = true)} aria-label="Keys">
          <kbd>?</kbd>
        </button>
      </div>
    </header>
  );
}

const go =
  (to: View) =>
  (event: Event): void => {
    event.preventDefault();
    show(to);
  };

function JobsButton() {
  const running = busy.value;
  const total = running.reduce((sum, job) => sum + job.total, 0);
  const done = running.reduce((sum, job) => sum + job.done, 0);
  return (
    <button
      class="quiet jobs-button"
      aria-expanded={drawer.value}
      aria-controls="jobs"
      onClick={toggleJobs}
    >
      Jobs
      {running.length > 0 && <span class="count">{running.length}</span>}
      {running.length > 0 && (
        <progress class="thin" max={Math.max(1, total)} value={done} aria-label="Progress of all jobs" />
      )}
    </button>
  );
}

function ThemeButton() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return (
    <button
      class="quiet icon-only"
      title={`Colours: ${WORDS[theme.value]}`}
      aria-label={`Colours: ${WORDS[theme.value]}. Change to ${WORDS[next]}`}
      onClick={() => (theme.value = next)}
    >
      <Icon name={ICONS[theme.value]} />
    </button>
  );
}
