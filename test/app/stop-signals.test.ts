import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { listenForStop } from "../../src/app/stop-signals.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function listening() {
  const source = new FakeProcess();
  const time = { nowMs: 1_000 };
  const clock = { nowMs: () => 0, monotonicMs: () => time.nowMs, sleep: async () => {} };
  let stops = 0;
  const listener = listenForStop(source, clock, () => stops++);
  return { source, time, listener, stops: () => stops };
}

test("the first signal asks for a stop, a second one exits at once", () => {
  const { source, time, listener, stops } = listening();
  source.emit("SIGINT");
  assert.equal(listener.stopRequested.aborted, true);
  assert.deepEqual(source.exits, []);
  time.nowMs += 1_000;
  source.emit("SIGTERM");
  assert.deepEqual(source.exits, [130]);
  assert.equal(stops(), 1);
});

test("one press that npm delivers twice counts once", () => {
  const { source, time } = listening();
  source.emit("SIGINT");
  time.nowMs += 5;
  source.emit("SIGINT");
  assert.deepEqual(source.exits, []);
});

test("afterwards signals are none of its business", () => {
  const { source, listener } = listening();
  listener[Symbol.dispose]();
  assert.equal(source.listenerCount("SIGINT") + source.listenerCount("SIGTERM"), 0);
});
