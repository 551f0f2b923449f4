import { effect } from "@preact/signals";
import { render } from "preact";
import * as calls from "./api/calls";
import { setSampleRate } from "./audio/context";
import { listenToKeys } from "./state/keys";
import { listen } from "./state/live";
import { attempt, fault } from "./state/notices";
import { chosen } from "./state/place";
import { fetchClip } from "./state/clips";
import { model } from "./state/settings";
import { restoreGrid } from "./state/takes";
import { App } from "./views/App";
import "./styles/theme.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/frame.css";
import "./styles/takes.css";
import "./styles/sound.css";
import "./styles/library.css";

async function begin(): Promise<void> {
  model.value = await calls.model();
  setSampleRate(model.value.sample_rate);
  await restoreGrid();
}

render(<App />, document.getElementById("studio")!);
listenToKeys();
attempt(async () => {
  await begin();
  listen();
});
effect(() => {
  if (chosen.value) fetchClip(chosen.value).catch(fault);
});
