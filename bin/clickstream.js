#!/usr/bin/env node
// Runs the command line under the Node that the checkout brings, whichever Node started this file.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 24 || (major === 24 && minor >= 12);

if (runsTypeScript) {
  // Halves the time to the first line: types are stripped once, not at every start.
  module.enableCompileCache?.();
  await import("../src/cli/main.ts");
} else {
  const bundled = fileURLToPath(
    new URL(`../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url),
  );
  if (!existsSync(bundled)) {
    process.stderr.write(
      `clickstream needs Node 24.12 or newer, and this is ${process.version}. Run "npm ci" in the checkout: it brings its own.\n`,
    );
    process.exit(1);
  }
  const child = spawn(bundled, process.argv.slice(1), { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; this process stays until the child has stopped in order.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    if (signal !== null) process.kill(process.pid, "SIGKILL");
    process.exit(code ?? 1);
  });
}
