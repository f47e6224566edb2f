import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "./simulation.ts";

const SEEDS = Number(process.env.SEEDS ?? 500);
/** A longer search: `FIRST_SEED=100000 SEEDS=20000 node --test "test/simulation/*.test.ts"`. */
const first = Number(process.env.FIRST_SEED ?? 1);

test(`the engine's rows are the oracle's over ${SEEDS} seeds of disorder, idling, new partitions, restarts and crashes`, async () => {
  for (let seed = first; seed < first + SEEDS; seed++) {
    try {
      await simulate(seed);
    } catch (cause) {
      assert.fail(new Error(`seed ${seed}`, { cause }));
    }
  }
});
