#!/usr/bin/env node
// Runs the command line under the Node that the checkout brings, whichever Node started this file.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 24 || (major === 24 && minor >= 12);

if (runsTypeScript) {
  await import("../src/cli/main.ts");
} else {
  const bundled = [`node-linux-${process.arch}`]
    .map((name) => fileURLToPath(new URL(`../node_modules/${name}/bin/node`, import.meta.url)))
    .find((path) => existsSync(path));
  if (bundled === undefined) {
    process.stderr.write(
      `clickstream needs Node 24.12 or newer, and this is ${process.version}. Run "npm ci" in the checkout: it brings its own.\n`,
    );
    process.exit(1);
  }
  const { status, signal } = spawnSync(bundled, process.argv.slice(1), { stdio: "inherit" });
  if (signal !== null) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
