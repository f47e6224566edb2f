import assert from "node:assert/strict";
import { test } from "node:test";
import { PartitionState } from "../../src/engines/embedded/partition-state.ts";

const DELAY_MS = 10;

function partition(): PartitionState {
  const start = { partition: 0, position: 0, endOffset: null, greatestMs: 100, floorMs: 90 };
  return new PartitionState(start, DELAY_MS, 0);
}

test("a floor that the next event reaches by itself is forgotten", () => {
  const state = partition();
  state.applyFloor(95);
  state.position = 1; // a broken event
  state.applyFloor(97);
  state.advanceTo(107);
  state.testFloor(107);
  const flush = state.takeFlush();
  assert.deepEqual([flush.newFloors, flush.spentFloorsFrom, state.watermarkMs], [[], 0, 97]);
});

test("floors of an earlier flush are taken back, those that still decide stay", () => {
  const state = partition();
  state.applyFloor(95);
  assert.deepEqual(state.takeFlush().newFloors, [{ offset: 0, floorMs: 95 }]);
  state.testFloor(104);
  assert.equal(
    state.takeFlush().spentFloorsFrom,
    null,
    "events between 94 and 95 are held back by the floor",
  );
  state.position = 2;
  state.applyFloor(99);
  state.advanceTo(120);
  state.testFloor(120);
  assert.deepEqual(state.takeFlush().spentFloorsFrom, 2);
});
