// The examples of other producers' events on a real Kafka: process, verify, and what a changed mapping meets.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBroker } from "./broker.ts";
import { runCommand } from "./command-line.ts";
import { appendValues, createTopic } from "./topic-values.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));

test("examples are processed as the oracle would, and their results belong to their mapping", async (t) => {
  const { brokers } = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), "clickstream-examples-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = (name: string, output: string, ...args: string[]) =>
    runCommand(folder, name, "--brokers", brokers.join(), "--output", output, ...args);
  for (const example of ["segment", "posthog", "snowplow"]) {
    // In the past whenever the test runs: events of the future are dead letters.
    const text = readFileSync(join(EXAMPLES, example, "events.ndjson"), "utf8").replaceAll("2026-", "2024-");
    await createTopic(brokers, example);
    await appendValues(brokers, example, text.trimEnd().split("\n"));
    const config = join(EXAMPLES, example, "clickstream.config.ts");
    const processed = await command("process", example, "--config", config, "--until-end", "--finish");
    assert.equal(processed.code, 0, processed.stderr);
    const { read, counted, late } = JSON.parse(processed.stdout);
    assert.deepEqual({ read, counted, late }, { read: 25, counted: 24, late: 0 });
    if (example === "segment") {
      const rows = readFileSync(
        join(folder, example, "page_revenue/date=2024-11-23/20241123T080500Z.json"),
        "utf8",
      );
      assert.match(rows, /"url":"https:\/\/shop.example\/cart","revenue":49.84,"largest":24.95}/);
    }
    const verified = await command("verify", example, "--topic", example);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  }
  const segment = JSON.stringify(join(EXAMPLES, "segment", "clickstream.config.ts"));
  writeFileSync(
    join(folder, "other.config.ts"),
    `import segment from ${segment};\nexport default { ...segment, fields: { ...segment.fields, user_id: "userId" } };`,
  );
  const other = await command("process", "segment", "--config", "other.config.ts", "--until-end", "--finish");
  assert.equal(other.code, 1);
  assert.match(other.stderr, /other event rules/);
});
