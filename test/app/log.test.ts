import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createLogger } from "../../src/app/log.ts";
import { Terminal } from "../../src/app/terminal.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { fakeStream } from "./fake-stream.ts";

const clock = { nowMs: () => 1_795_000_000_000, monotonicMs: () => 0, sleep: async () => {} };

test("where nobody looks logs are JSON lines of the level and above", () => {
  const { stream, written } = fakeStream({ isTTY: false });
  const log = createLogger({ level: "info", terminal: new Terminal(stream), clock });
  log.debug("too little");
  log.warn({ partition: 3 }, "slow");
  assert.deepEqual(JSON.parse(written()), { level: 40, time: 1_795_000_000_000, partition: 3, msg: "slow" });
});

test("in a terminal logs are for people and leave the view below them", () => {
  const { stream, written } = fakeStream({ isTTY: true, columns: 80 });
  const terminal = new Terminal(stream);
  const log = createLogger({ level: "info", terminal, clock });
  terminal.show("the view");
  log.info("engine started");
  assert.match(written(), /INFO.*engine started[^{]*the view/s);
});

test("a log file gets JSON lines and the terminal none", async () => {
  await using folder = await temporaryFolder();
  const { stream, written } = fakeStream({ isTTY: true });
  const file = join(folder.path, "logs", "clickstream.log");
  const log = createLogger({ level: "info", file, terminal: new Terminal(stream), clock });
  log.info("engine started");
  assert.equal(JSON.parse(await readFile(file, "utf8")).msg, "engine started");
  assert.equal(written(), "");
});

test("a log file that can't be opened is refused", async () => {
  await using folder = await temporaryFolder();
  const terminal = new Terminal(fakeStream({ isTTY: false }).stream);
  assert.throws(() => createLogger({ level: "info", file: folder.path, terminal, clock }), {
    code: "LOG_FILE",
  });
});
