import assert from "node:assert/strict";
import { test } from "node:test";
import { count, type QueryDeclaration, query } from "../../src/queries/query.ts";
import { windowsOf } from "../../src/queries/window-lengths.ts";

const DAY_MS = 86_400_000;
const PIPELINE = { sizeMs: 300_000, slideMs: 60_000 };
type Lengths = Pick<QueryDeclaration, "window" | "slide">;

const declared = (lengths: Lengths) => query("q", { by: [], measures: { events: count() }, ...lengths });

test("a query has the windows of its pipeline unless it has its own, which tumble unless they slide", () => {
  assert.equal(
    "windows" in declared({}),
    false,
    "so that states and manifests of earlier versions stay valid",
  );
  assert.deepEqual(windowsOf(declared({}), PIPELINE), PIPELINE);
  assert.deepEqual(windowsOf(declared({ window: "1 day" }), PIPELINE), { sizeMs: DAY_MS, slideMs: DAY_MS });
  const sliding = declared({ window: "1d", slide: "1 hour" });
  assert.deepEqual(windowsOf(sliding, PIPELINE), { sizeMs: DAY_MS, slideMs: 3_600_000 });
  assert(Object.isFrozen(sliding.windows));
});

const REFUSED: readonly [Lengths, RegExp][] = [
  [{ slide: "1m" }, /Query "q": it has a slide and no window/],
  [{ window: "1 fortnight" as "1d" }, /The window of query "q" is not a duration: "1 fortnight"/],
  [{ window: "1d", slide: "soon" as "1d" }, /The slide of query "q" is not a duration/],
  [{ window: "1h", slide: "7m" }, /Query "q": slide 7m does not divide window 1h/],
  [{ window: "1500ms" }, /Query "q": slide 1500ms is not a whole number of seconds/],
  [{ window: "1h", slide: "0s" }, /Query "q": slide 0ms is not a whole number of seconds/],
  [{ window: "1d", slide: "30s" }, /Query "q": window 1d holds more than 1440 slides of 30s/],
  [{ window: "500ms" }, /Query "q": window 500ms is too short/],
  [{ window: "40000d" }, /Query "q": window 40000d is too long/],
];

for (const [lengths, message] of REFUSED) {
  test(`${JSON.stringify(lengths)} is refused by name`, () => {
    assert.throws(() => declared(lengths), { name: "UsageError", message });
  });
}
