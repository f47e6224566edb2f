/** Compiles src to dist, the form in which the package is installed: Node strips no types below node_modules. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flagOf, SETTING_NAMES, settingOf } from "../src/app/config/settings.ts";

const SOURCES = fileURLToPath(new URL("../src", import.meta.url));
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const COMPILER = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const PROJECT = fileURLToPath(new URL("tsconfig.json", import.meta.url));

/** The compiler rewrites what is imported, not what is named by a URL to be started as a thread. */
const STARTED = /(new URL\("\.[^"]+)\.ts("\s*,\s*import\.meta\.url\))/g;
/** Nor what declarations import, which older compilers can't follow. */
const DECLARED = /((?:from|import\()\s*"\.[^"]+)\.ts(")/g;

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [COMPILER, "--project", PROJECT], { stdio: "inherit" });
rewrite("**/*.js", (text) => text.replaceAll(STARTED, "$1.js$2"));
rewrite("**/*.d.ts", (text) => text.replaceAll(DECLARED, "$1.js$2"));
rewrite("app/config/define-config.d.ts", withSettingsSpeltOut);
const isSource = (path: string): boolean => path.endsWith(".ts") && !path.endsWith(".d.ts");
cpSync(SOURCES, DIST, { recursive: true, filter: (path) => !isSource(path) }); // what the code opens beside it

function rewrite(files: string, edit: (text: string) => string): void {
  for (const path of globSync(files, { cwd: DIST })) {
    const file = join(DIST, path);
    writeFileSync(file, edit(readFileSync(file, "utf8")));
  }
}

/** Spells out the settings of a config file, which the source derives from their table: so editors can explain each. */
function withSettingsSpeltOut(text: string): string {
  const derived = /readonly \[N in [^\]]+\]\?: Written<N> \| undefined;/;
  assert.match(text, derived);
  const members = SETTING_NAMES.filter((name) => !settingOf(name).onlyFlag).map((name) => {
    const { doc, default: value, defaultDoc, kind } = settingOf(name);
    const shown = value === undefined ? defaultDoc : String(kind.format(value));
    const flag = kind.placeholder === undefined ? `\`${flagOf(name)}\`: ${doc}` : doc;
    return `/** ${flag}. Default: ${shown || "none"}. */\n    readonly ${name}?: Written<"${name}"> | undefined;`;
  });
  return text.replace(derived, () => members.join("\n    "));
}
