import { EditTab } from "./EditTab";
import { FamilyTab } from "./FamilyTab";
import { Head } from "./Head";
import { Compare } from "./Compare";
import { RefineTab } from "./RefineTab";
import { Relatives } from "./Relatives";
import { ShapeTab } from "./ShapeTab";
import { Stage } from "./Stage";
import { current, other } from "../../state/sound";
import { tab, type Tab } from "../../state/place";

const TABS: { key: Tab; label: string }[] = [
  { key: "refine", label: "Refine" },
  { key: "shape", label: "Shape" },
  { key: "edit", label: "Edit" },
  { key: "family", label: "Family" },
];

/** The chosen sound, large: what it is, how it compares, and what can be made of it. */
export function SoundPanel() {
  const clip = current.value;
  if (!clip) return null;
  if (clip.deleted)
    return (
      <section class="sound" aria-label="Chosen sound">
        <Head clip={clip} />
      </section>
    );
  return (
    <section class="sound" aria-label="Chosen sound">
      <Head clip={clip} />
      <Stage clip={clip} other={other.value} />
      {other.value && <Compare clip={clip} other={other.value} />}
      <Relatives clip={clip} />
      <div class="tabs" role="tablist" aria-label="Work on the sound">
        {TABS.map(({ key, label }) => (
          <button
            key={key}
            id={`tab-${key}`}
            role="tab"
            aria-selected={tab.value === key}
            aria-controls="tab-panel"
            tabIndex={tab.value === key ? 0 : -1}
            onClick={() => (tab.value = key)}
            onKeyDown={(event) => moveTab(event, key)}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab.value}`} class="tab-panel">
        {tab.value === "refine" && <RefineTab />}
        {tab.value === "shape" && <ShapeTab key={clip.id} clip={clip} />}
        {tab.value === "edit" && <EditTab key={clip.id} clip={clip} />}
        {tab.value === "family" && <FamilyTab />}
      </div>
    </section>
  );
}

function moveTab(event: KeyboardEvent, from: Tab): void {
  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (!by) return;
  event.preventDefault();
  const at = TABS.findIndex(({ key }) => key === from);
  const next = TABS[(at + by + TABS.length) % TABS.length]!;
  tab.value = next.key;
  document.getElementById(`tab-${next.key}`)?.focus();
}
