import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseOldNode } from "../../../src/app/api/node-version.ts";
import { type ProcessOptions, process } from "../../../src/app/api.ts";

test("an option that is unknown or impossible is refused by name, and nothing starts", async () => {
  const refused: [object, RegExp][] = [
    [{ windw: "5m" }, /Unknown key in the options of process\(\): windw/],
    [{ window: "soon" }, /window in the options of process\(\) must be a duration/],
    [{ window: "5m", slide: "2m" }, /--slide 2m does not divide --window 5m/],
    [{ queries: [{ name: "Bad" }] }, /queries in the options of process\(\) can't be used/],
    [{ standardQueries: false }, /There is no query to run/],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(process(options as ProcessOptions), { code: "USAGE", message });
  }
});

test("a signal that has aborted ends it before it begins, with its reason", async () => {
  const reason = new Error("not today");
  await assert.rejects(process({ signal: AbortSignal.abort(reason) }), reason);
});

test("a Kafka that does not answer is told to the caller", async () => {
  const options: ProcessOptions = { brokers: "127.0.0.1:1", untilEnd: true, logLevel: "silent" };
  await assert.rejects(process(options), { code: "KAFKA_UNREACHABLE" });
});

test("an old Node is refused with what to do", () => {
  assert.throws(() => refuseOldNode("20.19.4"), { code: "NODE_TOO_OLD", message: /24\.12.*20\.19\.4/ });
  assert.throws(() => refuseOldNode("24.11.1"), { code: "NODE_TOO_OLD" });
  for (const version of ["24.12.0", "25.0.0", "26.1.0-nightly"]) refuseOldNode(version);
});
