import assert from "node:assert/strict";
import { test } from "node:test";
import { showProgress } from "../../../src/app/progress/progress.ts";
import { Terminal } from "../../../src/app/terminal.ts";
import { fakeStream } from "../fake-stream.ts";
import { MIDDLE } from "./snapshots.ts";

/** A clock whose sleeps end when the test says so, or by their signal. */
function manualClock() {
  const sleeps: { durationMs: number; wake: () => void }[] = [];
  return {
    sleeps,
    clock: {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
        const { promise, resolve } = Promise.withResolvers<void>();
        signal?.addEventListener("abort", () => resolve());
        sleeps.push({ durationMs, wake: resolve });
        return promise;
      },
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("without a terminal a plain line every five seconds, and a last one", async () => {
  const { stream, written } = fakeStream({ isTTY: false });
  const { clock, sleeps } = manualClock();
  const progress = showProgress({ terminal: new Terminal(stream), clock, read: () => MIDDLE });
  assert.equal(written(), "");
  assert.equal(sleeps[0]?.durationMs, 5_000);
  sleeps[0].wake();
  await turn();
  assert.match(written(), /^after 16\.4 s · produced [^\n]*\n$/);
  await progress.stop();
  assert.equal(written().split("\n").length, 3);
});

test("in a terminal the view is redrawn in place, and its last state stays", async () => {
  const { stream, written } = fakeStream({ isTTY: true, columns: 80 });
  const { clock, sleeps } = manualClock();
  let read = 0;
  const progress = showProgress({
    terminal: new Terminal(stream),
    clock,
    read: () => ({ ...MIDDLE, elapsedMs: ++read * 1_000 }),
  });
  sleeps[0]?.wake();
  await turn();
  await progress.stop();
  assert.match(written(), /elapsed.*1\.0 s.*elapsed.*2\.0 s/s);
});
