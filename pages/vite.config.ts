import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { darkAsTheSystem } from "./build/dark-as-the-system.ts";
import { listOfFiles } from "./build/list-of-files.ts";
import { onlyWhatIsUsed } from "./build/only-what-is-used.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../src/ranvier/web/static/bundle");

export default defineConfig({
  base: "/static/bundle/",
  publicDir: false,
  css: {
    postcss: {
      plugins: [onlyWhatIsUsed([here("src"), here("../src/ranvier/web/templates")]), darkAsTheSystem()],
    },
  },
  build: {
    outDir: target,
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: { pages: here("src/pages.ts") },
      output: { entryFileNames: "[name]-[hash].js", chunkFileNames: "part-[hash].js", assetFileNames: "[name]-[hash][extname]" },
    },
  },
  plugins: [listOfFiles(target, here("node_modules"))],
});
