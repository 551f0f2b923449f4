import type { Plugin } from "vite";

/**
 * wavesurfer.js writes a <style> element into its shadow root, which a page without 'unsafe-inline' refuses. At build
 * time the element becomes a <template>; src/lib/adopt.ts turns its text into an adopted style sheet, which is allowed.
 */
export function wavesurferStyle(): Plugin {
  return {
    name: "wavesurfer-style",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("wavesurfer.js/dist/wavesurfer.esm.js")) return null;
      const opening = /<style\$\{[^}]*?`[^`]*`[^}]*\}>/;
      if (!opening.test(code) || !code.includes("</style>")) {
        throw new Error("wavesurfer.js no longer writes its style as it did: look at plugins/wavesurfer_style.ts");
      }
      return { code: code.replace(opening, "<template data-style>").replace("</style>", "</template>"), map: null };
    },
  };
}
