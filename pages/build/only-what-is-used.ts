// Drops what no page uses: the style sheet of a whole design system is ten times what is shown.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "postcss";

const WORD = /[A-Za-z][\w-]*/g;
const CLASS = /\.(-?[A-Za-z_][\w-]*)/g;

/** Classes that a library sets itself, whatever our sources say. */
const OF_LIBRARIES = /^(u-|uplot)/;

/** Keeps a rule if all classes of one of its selectors are words of our sources. */
export function onlyWhatIsUsed(folders: string[]): Plugin {
  const words = new Set(folders.flatMap(wordsBelow));
  const isUsed = (selector: string) =>
    [...selector.matchAll(CLASS)].every(([, name = ""]) => words.has(name) || OF_LIBRARIES.test(name));
  return {
    postcssPlugin: "only-what-is-used",
    OnceExit(sheet) {
      sheet.walkRules((rule) => {
        const parent = rule.parent;
        if (parent?.type === "atrule" && "name" in parent && String(parent.name).endsWith("keyframes")) return;
        const used = rule.selectors.filter(isUsed);
        if (used.length === 0) rule.remove();
        else if (used.length < rule.selectors.length) rule.selectors = used;
      });
      sheet.walkAtRules((each) => {
        if (each.nodes?.length === 0) each.remove();
      });
    },
  };
}

function wordsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && /\.(html|ts)$/.test(each.name))
    .flatMap((each) => readFileSync(join(each.parentPath, each.name), "utf8").match(WORD) ?? []);
}
