// `clickstream serve` as a user starts it; it needs neither Kafka nor results.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/local/ports.ts";
import { pipelineSchema } from "../../src/web/api.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { runCommand, startCommand } from "./command-line.ts";

test("serve answers without an engine and ends in order at Ctrl-C", async () => {
  await using folder = await temporaryFolder();
  const http = await freePort();
  const served = startCommand(folder.path, "serve", "--http", String(http), "--log-level", "error");
  try {
    while (!(await fetch(`http://127.0.0.1:${http}/livez`).catch(() => undefined))?.ok) await delay(100);
    const answer = await fetch(`http://127.0.0.1:${http}/api/pipeline`);
    const { status, provisional, read, replay } = pipelineSchema.parse(await answer.json());
    assert.deepEqual([status, provisional, read, replay], ["stopped", "serve", 0, "serve"]);
  } finally {
    served.child.kill("SIGTERM");
  }
  assert.equal((await served.ended).code, 0);
});

test("serve for other machines needs a token", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runCommand(folder.path, "serve", "--http", "0.0.0.0:0");
  assert.equal(code, 2);
  assert.match(stderr, /CLICKSTREAM_HTTP_TOKEN/);
});
