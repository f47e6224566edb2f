/** Compiles src to dist, the form in which the package is installed: Node strips no types below node_modules. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

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
rewrite("**/*.js", STARTED);
rewrite("**/*.d.ts", DECLARED);
cpSync(SOURCES, DIST, { recursive: true, filter: (path) => !path.endsWith(".ts") }); // what the code opens beside it

function rewrite(files: string, pattern: RegExp): void {
  for (const path of globSync(files, { cwd: DIST })) {
    const file = join(DIST, path);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(pattern, "$1.js$2"));
  }
}
