// After a build: the list of files that the node serves, their packed forms, and the licences.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What others have made and the bundle holds; a package without a text of its licence has one here. */
const OF_OTHERS = { "@tabler/core": "licences/tabler.txt", "htmx.org": "", uplot: "" };
const LICENCES = "licences.txt";

export function listOfFiles(folder: string, packages: string): Plugin {
  return {
    name: "list-of-files",
    closeBundle() {
      writeFileSync(join(folder, LICENCES), licences(packages));
      const names = readdirSync(folder).sort();
      for (const name of names) pack(join(folder, name));
      const list = {
        styles: names.filter((name) => extname(name) === ".css"),
        scripts: names.filter((name) => name.startsWith("pages-") && extname(name) === ".js"),
        files: readdirSync(folder).sort(),
      };
      writeFileSync(join(folder, "bundle.json"), JSON.stringify(list, null, 2) + "\n");
    },
  };
}

function pack(path: string): void {
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content));
}

function licences(packages: string): string {
  const parts = Object.entries(OF_OTHERS).map(([name, ours]) => {
    const folder = join(packages, name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      version: string;
      license: string;
    };
    const theirs = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = readFileSync(theirs ? join(folder, theirs) : join(packages, "..", ours), "utf8").trim();
    return `${name} ${version}, ${license}\n\n${text}\n`;
  });
  return ["What others have made of these pages, and how they allow its use.\n", ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
