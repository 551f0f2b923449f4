/** One stream of changes for all windows: a browser opens six connections to one server, for all of them together. */

import { listenTo, type Word } from "./stream";

// A window does not say when it closes: what is posted to it then goes nowhere. The last one ends the worker.
const windows: MessagePort[] = [];
let connected: Word | null = null;

function tell(word: Word): void {
  if ("connected" in word) connected = word;
  for (const each of windows) each.postMessage(word);
}

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (!port) return;
  windows.push(port);
  if (connected) port.postMessage(connected);
  if (windows.length === 1) listenTo(null, tell);
});
