// The design system knows light and dark. A reader who has chosen neither sees what his system says:
// each rule for dark is repeated for the theme "auto", where the system asks for dark.

import { AtRule, type Plugin, type Rule } from "postcss";

const DARK = /\[data-bs-theme=("?)dark\1\]/;

export function darkAsTheSystem(): Plugin {
  return {
    postcssPlugin: "dark-as-the-system",
    OnceExit(sheet) {
      const dark: Rule[] = [];
      sheet.walkRules((rule) => {
        if (rule.selectors.some((each) => DARK.test(each))) dark.push(rule);
      });
      for (const rule of dark) {
        const auto = rule.clone({ selectors: rule.selectors.filter((each) => DARK.test(each)).map(asAuto) });
        const where = new AtRule({ name: "media", params: "(prefers-color-scheme: dark)" });
        where.append(auto);
        rule.after(where);
      }
    },
  };
}

function asAuto(selector: string): string {
  return selector.replaceAll(new RegExp(DARK, "g"), '[data-bs-theme="auto"]');
}
