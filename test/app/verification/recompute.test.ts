import assert from "node:assert/strict";
import { test } from "node:test";
import { type Recomputation, recompute } from "../../../src/app/verification/recompute.ts";

test("a signal is heard between the windows that a last batch makes final", async () => {
  const windows = [0, 1, 2].map((windowStartMs) => ({ query: "q", windowStartMs, rows: "" }));
  const oracle: Recomputation = {
    add: () => {},
    finish: () => {},
    watermarkMs: () => 0,
    takeComplete: () => windows,
  };
  async function* nothingToRead(): AsyncGenerator<never[]> {}
  const aborter = new AbortController();
  const handed: number[] = [];
  const computing = recompute(
    oracle,
    [{ partition: 0, from: 0, to: 0 }],
    nothingToRead,
    () => aborter.signal.throwIfAborted(),
    ({ windowStartMs }) => {
      handed.push(windowStartMs);
      setImmediate(() => aborter.abort(new Error("told to end")));
    },
  );
  await assert.rejects(computing, /told to end/);
  assert.deepEqual(handed, [0]);
});
