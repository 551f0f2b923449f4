/** Measures of the page that keys and views share. */

import { signal } from "@preact/signals";

/** Sounds side by side in the grid that is shown, as the window's width has it. */
export const columns = signal(3);
