// The tarball of `npm pack`, installed in an empty folder: the command line and programs that import it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/local/ports.ts";
import type { Ended } from "./command-line.ts";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const EVENTS = 50_000;

const folder = mkdtempSync(join(tmpdir(), "clickstream-package-"));
const port = await freePort();

/** A person's environment: nothing of this checkout on the path, nothing of the npm or the test runner above. */
const environment = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => !/^(npm_(?!config_)|npm_config_local_prefix$|INIT_CWD$|NODE_)/i.test(name))
    .map(([name, value = ""]) => [name, name === "PATH" ? withoutCheckout(value) : value]),
);

function withoutCheckout(path: string): string {
  return path
    .split(delimiter)
    .filter((entry) => !entry.endsWith(join("node_modules", ".bin")))
    .join(delimiter);
}

function run(program: string, args: readonly string[], cwd = folder): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd, env: environment }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}

async function succeed(program: string, args: readonly string[], cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, cwd);
  assert.equal(code, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

before(async () => {
  await succeed("npm", ["pack", "--silent", "--pack-destination", folder], CHECKOUT);
  const [tarball = ""] = globSync("*.tgz", { cwd: folder });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await succeed("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`]);
  cpSync(join(CHECKOUT, "examples/program"), folder, { recursive: true });
});

after(async () => {
  await run("npx", ["clickstream", "kafka", "stop"]);
  rmSync(folder, { recursive: true });
});

test("it holds compiled code and types, no sources, and what the code opens beside itself", () => {
  const files = globSync("**/*.*", { cwd: join(folder, "node_modules/clickstream") });
  assert.deepEqual(
    files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")),
    [],
  );
  for (const file of [
    "dist/local/pom.xml",
    "dist/local/log4j2.properties",
    "dist/app/api.d.ts",
    "README.md",
  ]) {
    assert(files.includes(file), `${file} is missing`);
  }
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    const text = readFileSync(join(folder, "node_modules/clickstream", file), "utf8");
    for (const [, started = ""] of text.matchAll(/new URL\("(\.[^"]+)", import\.meta\.url\)/g)) {
      if (file.startsWith("dist/")) assert(!started.endsWith(".ts"), `${file} starts ${started}`);
    }
  }
});

test("the types of a config explain every setting to an editor", () => {
  const types = readFileSync(
    join(folder, "node_modules/clickstream/dist/app/config/define-config.d.ts"),
    "utf8",
  );
  assert.match(types, /\/\*\* time from one window to the next\. Default: 1m\. \*\/\n +readonly slide\?: /);
});

test("the command line does the main job, under whichever Node the path has", async () => {
  const summary = await succeed("npx", [
    "clickstream",
    "run",
    ...["--events", String(EVENTS), "--exit", "--port", String(port)],
  ]);
  assert.match(summary, /read +50,000\n/);
  assert.match(summary, /Top pages/);
});

test("a config file imports the package by its name", async () => {
  const printed = await succeed("npx", ["clickstream", "run", "--config", "config.ts", "--print-config"]);
  assert.deepEqual(JSON.parse(printed).queries, ["funnel"]);
});

test("a program processes a topic by calling process, and the oracle agrees", async () => {
  await succeed("npx", ["clickstream", "kafka", "start", "--port", String(port)]);
  const brokers = `127.0.0.1:${port}`;
  const report = await succeed("npx", ["node", "report.ts", brokers]);
  const [, read, counted] = /^(\d+) read, (\d+) counted, \d+ late, \d+ windows\n/.exec(report) ?? [];
  assert.equal(Number(read), EVENTS);
  assert(Number(counted) > EVENTS * 0.99);
  assert.match(report, /\n\d+\t\/\S*\n$/);
  const again = await succeed("npx", ["node", "report.ts", brokers]);
  assert.equal(again, report, "the second call goes on where the first ended");
  await succeed("npx", ["clickstream", "verify", "--brokers", brokers, "--output", "funnel-results"]);
});

test("a call without an end ends in order when its signal aborts", async () => {
  writeFileSync(
    join(folder, "endless.ts"),
    `import { process as processEvents } from "clickstream";
const stop = new AbortController();
const { read, complete } = await processEvents({
  brokers: process.argv[2],
  output: "endless-results",
  commitEvery: "100ms",
  signal: stop.signal,
  onProgress: (progress) => {
    if (progress.read === ${EVENTS}) stop.abort();
  },
});
process.stdout.write(JSON.stringify({ read, complete }));
`,
  );
  const result = await succeed("npx", ["node", "endless.ts", `127.0.0.1:${port}`]);
  assert.deepEqual(JSON.parse(result), { read: EVENTS, complete: true });
});

test("a program tests its queries by clickstream/testing", async () => {
  const report = await succeed("npx", ["node", "--test", "funnel.test.ts"]);
  assert.match(report, /pass 2\n/);
});

test("its types check programs, with no other settings than a strict project has", async () => {
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: "es2023", module: "nodenext", exactOptionalPropertyTypes: true },
    ...{ allowImportingTsExtensions: true, types: ["node"] },
    ...{ typeRoots: [join(CHECKOUT, "node_modules/@types")] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(
    join(folder, "wrong.ts"),
    `import { count, defineConfig, process, query } from "clickstream";
import { testPipeline } from "clickstream/testing";
defineConfig({ window: "5 lightyears" });
query("pages", { by: [7], measures: { events: count() } });
process({ untilEnd: "yes" });
const [row] = await testPipeline().rows("url_counts");
const start: number | undefined = row?.window_start;
export default start;
`,
  );
  const { stdout } = await run(process.execPath, [join(CHECKOUT, "node_modules/typescript/bin/tsc")]);
  const errors = [...stdout.matchAll(/^(\S+\.ts)\((\d+),/gm)].map(([, file, line]) => `${file}:${line}`);
  assert.deepEqual(errors, ["wrong.ts:3", "wrong.ts:4", "wrong.ts:5", "wrong.ts:7"], stdout);
});
