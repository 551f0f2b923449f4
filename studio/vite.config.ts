import { fileURLToPath } from "node:url";
import { defineConfig, type ProxyOptions } from "vite";
import { licences } from "./plugins/licences";
import { wavesurferStyle } from "./plugins/wavesurfer_style";

const here = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");

/** The API refuses strangers: to it, the development server must look like its own page. */
const server: ProxyOptions = {
  target: "http://127.0.0.1:8765",
  changeOrigin: true,
  configure: (proxy) =>
    proxy.on("proxyReq", (request) => {
      request.removeHeader("origin");
      request.removeHeader("sec-fetch-site");
    }),
};

export default defineConfig({
  root: here,
  // STUDIO_OUT lets check.sh build elsewhere and compare.
  build: {
    outDir: process.env["STUDIO_OUT"] ?? `${here}/../src/soundctm/server/static`,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs would need a wider content security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 400,
  },
  plugins: [wavesurferStyle(), licences(here)],
  server: { proxy: { "/v1": server, "/health": server } },
});
