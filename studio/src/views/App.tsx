import { view } from "../state/place";
import { Drop } from "./Drop";
import { Help } from "./Help";
import { Jobs } from "./Jobs";
import { Export } from "./library/Export";
import { Library } from "./library/Library";
import { Purge } from "./library/Purge";
import { Notices } from "./Notices";
import { Prompt } from "./Prompt";
import { SettingsPanel } from "./SettingsPanel";
import { SoundPanel } from "./sound/SoundPanel";
import { TakeGrid } from "./TakeGrid";
import { TopBar } from "./TopBar";

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the sounds
      </a>
      <TopBar />
      <Jobs />
      {view.value === "studio" ? <Studio /> : <Library />}
      <Notices />
      <Help />
      <Export />
      <Purge />
      <Drop />
    </>
  );
}

function Studio() {
  return (
    <div class="studio">
      <main id="main" tabIndex={-1}>
        <h1 class="unseen">Studio</h1>
        <Prompt />
        <TakeGrid />
        <SoundPanel />
      </main>
      <SettingsPanel />
    </div>
  );
}
