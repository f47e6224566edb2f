import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import * as api from "../../src/app/api.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { clickstream } from "./clickstream.ts";

const COMMANDS = [
  "run",
  "generate",
  "process",
  "verify",
  "doctor",
  "kafka",
  "kafka start",
  "kafka stop",
  "kafka status",
  "spark",
  "spark start",
  "spark stop",
  "spark status",
  "dlq",
  "dlq list",
  "dlq show",
  "dlq replay",
  "state",
  "state inspect",
];

test("every command has help with examples, on stdout", async () => {
  const helps = COMMANDS.map(async (command) => ({
    command,
    ...(await clickstream([...command.split(" "), "--help"])),
  }));
  for (const { command, exitCode, stdout, stderr } of await Promise.all(helps)) {
    assert.equal(exitCode, 0, command);
    assert.match(stdout, new RegExp(`^Usage: clickstream ${command} `));
    assert.match(stdout, new RegExp(`Examples:\n(.|\n)*npx clickstream ${command.split(" ")[0]}`));
    assert.equal(stderr, "");
  }
});

test("--version prints the version of the package", async () => {
  const packageJson = JSON.parse(await readFile("package.json", "utf8"));
  assert.deepEqual(await clickstream(["--version"]), {
    exitCode: 0,
    stdout: `${packageJson.version}\n`,
    stderr: "",
  });
});

const WRONG: [string[], RegExp][] = [
  [["run", "--evnts", "5"], /unknown option '--evnts'\n\(Did you mean --events\?\)/],
  [["rnu"], /unknown command 'rnu'\n\(Did you mean run\?\)/],
  [["run", "--events"], /option '--events <n>' argument missing/],
  [
    ["run", "--events", "many"],
    /^error: --events must be a whole number of at least 0, not "many"\.\n {2}\S/,
  ],
  [["run", "--slide", "2m"], /--slide 2m does not divide --window 5m/],
  [["process", "--finish"], /--finish needs --until-end/],
  [["generate", "--window", "5m"], /unknown option '--window'/],
  [["dlq", "replay", "--fix", "mobile"], /--fix must be a field and its text, .* not \["mobile"\]/],
  [["dlq", "show", "--since", "yesterday"], /--since must be a time with a zone, .* or how long ago/],
  [["dlq", "list", "--limit", "3"], /unknown option '--limit'/],
  [["verify", "surplus"], /too many arguments/],
  [["run", "--config", "absent.ts"], /absent\.ts does not exist/],
];

test("wrong use exits with 2 and says what is wrong on stderr, without a stack", async () => {
  const runs = WRONG.map(async ([args, message]) => ({ args, message, ...(await clickstream(args)) }));
  for (const { args, message, exitCode, stdout, stderr } of await Promise.all(runs)) {
    assert.equal(exitCode, 2, args.join(" "));
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^\s+at /m);
    assert.equal(stdout, "");
  }
});

test("no command at all is wrong use and shows the help", async () => {
  for (const args of [[], ["kafka"]]) {
    const { exitCode, stderr } = await clickstream(args);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^Usage: clickstream/);
  }
});

test("a failure of something outside exits with 1 and says what to do", async () => {
  await using folder = await temporaryFolder();
  const args = ["kafka", "status", "--log-file", folder.path];
  const { exitCode, stdout, stderr } = await clickstream(args);
  assert.equal(exitCode, 1);
  assert.match(stderr, /^error: The log file .* can't be opened: .* \[LOG_FILE\]\n {2}Choose another/);
  assert.equal(stdout, "");
});

test("--print-config shows each setting and where it comes from, and starts nothing", async () => {
  await using folder = await temporaryFolder();
  await writeFile(
    join(folder.path, "clickstream.config.ts"),
    'export default { topic: "shop", delay: "2m" };',
  );
  const { exitCode, stdout, stderr } = await clickstream(
    ["process", "--print-config", "--max-ahead", "30 s", "--no-standard-queries"],
    { folder: folder.path, env: { CLICKSTREAM_WORKERS: "3" } },
  );
  assert.deepEqual([exitCode, stderr], [2, stderr]);
  assert.match(stderr, /no query to run/);
  assert.equal(stdout, "");

  const printed = await clickstream(["process", "--print-config", "--max-ahead", "30 s"], {
    folder: folder.path,
    env: { CLICKSTREAM_WORKERS: "3" },
  });
  assert.equal(printed.exitCode, 0);
  const config = JSON.parse(printed.stdout);
  assert.deepEqual(config.maxAhead, { value: "30s", from: "flag --max-ahead" });
  assert.deepEqual(config.workers, { value: 3, from: "variable CLICKSTREAM_WORKERS" });
  assert.deepEqual(config.topic, { value: "shop", from: "file clickstream.config.ts" });
  assert.deepEqual(config.deadLetterTopic, { value: "shop.dlq", from: "default" });
  assert.deepEqual(config.window, { value: "5m", from: "default" });
  assert.ok(config.queries.includes("url_counts"));
  assert.equal(config.events, undefined);
});

test("a config file imports clickstream wherever it lies", async () => {
  const config = `
    import { count, defineConfig, query } from "clickstream";
    export default defineConfig({ queries: [query("pages", { by: ["url"], measures: { n: count() } })] });`;
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "mine.ts"), config);
  const args = ["run", "--config", "mine.ts", "--print-config"];
  const { exitCode, stdout, stderr } = await clickstream(args, { folder: folder.path });
  assert.equal(exitCode, 0, stderr);
  assert.equal(JSON.parse(stdout).queries.at(-1), "pages");
});

test("the package gives a config file what it needs", () => {
  assert.deepEqual(Object.keys(api).sort(), [
    "ClickstreamError",
    "UsageError",
    "count",
    "countDistinct",
    "countWhere",
    "defineConfig",
    "max",
    "maxTime",
    "min",
    "minTime",
    "process",
    "query",
    "sum",
    "timeSpan",
  ]);
});

test("kafka status of a folder without one says so", async () => {
  await using folder = await temporaryFolder();
  const { exitCode, stdout } = await clickstream(["kafka", "status", "--dir", join(folder.path, "kafka")]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^absent \(/);
});
