import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const OUT = "../src/watchkeeper/hub/static";
const HUB = process.env["WK_DEV_HUB"] ?? "http://127.0.0.1:8787";

/** Puts a .gz beside every file that gains from it, so that the hub never compresses at request time. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, encoding: "utf-8" })) {
        const path = join(OUT, entry);
        if (!/\.(js|css|html|svg)$/.test(path) || !statSync(path).isFile()) continue;
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), precompress()],
  // Data URIs in style sheets would need img-src data: in the content security policy.
  build: { outDir: OUT, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": { target: HUB, changeOrigin: false } } },
  test: { include: ["src/**/*.test.ts"] },
});
