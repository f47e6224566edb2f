#!/usr/bin/env node
// Runs the command line under the Node that comes with the package, whichever Node started this file.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 12)) {
  // Halves the time to the first line, and to a thread's: modules are compiled once, not at every start.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "node-compile-cache"); // Node's own place, told to threads, too
  module.enableCompileCache?.();
  const source = new URL("../src/cli/main.ts", import.meta.url); // a checkout runs its sources, a package has none
  const compiled = new URL("../dist/cli/main.js", import.meta.url);
  await import(existsSync(fileURLToPath(source)) ? source.href : compiled.href);
} else {
  runUnder(broughtNode());
}

function broughtNode() {
  try {
    return module.createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    process.stderr.write(
      `clickstream needs Node 24.12 or newer, and this is ${process.version}. "npm ci" in a checkout and "npm install" of the package bring one, for Linux on x64 and arm64; elsewhere install Node 24.\n`,
    );
    process.exit(1);
  }
}

function runUnder(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; this process stays until the child has stopped in order.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    if (signal !== null) process.kill(process.pid, "SIGKILL");
    process.exit(code ?? 1);
  });
}
