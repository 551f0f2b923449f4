import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const BUNDLED = ["preact", "@preact/signals", "@preact/signals-core", "wavesurfer.js"];

/** The licences of what is bundled ask to travel with it: they become licences.txt. */
export function licences(root: string): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const parts = BUNDLED.map((name) => {
        const folder = `${root}/node_modules/${name}`;
        const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string };
        return `${name} ${version}\n\n${readFileSync(`${folder}/LICENSE`, "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: parts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}
