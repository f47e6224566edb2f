import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { layoutFlow, OTHER_PAGES, ribbonPath } from "../../src/web/page/model/flow-layout.js";
import { lengthWords } from "../../src/web/page/model/session-lengths.js";
import type { Flow } from "../../src/web/sessions-contract.ts";

/** A flow of so many pages on each side, with these links. */
function flowOf(pages: number, links: Flow["links"]): Flow {
  const side = (which: "source" | "target") =>
    Array.from({ length: pages }, (_, place) => ({
      page: `/${which}/${place}`,
      transitions: sum(links.filter((link) => link[which] === place)),
    }));
  return {
    ...{ query: "transitions", fromMs: 0, toMs: 1, stepMs: 1, pairs: links.length },
    transitions: sum(links),
    sources: side("source"),
    targets: side("target"),
    links,
  };
}

const sum = (links: readonly { transitions: number }[]): number =>
  links.reduce((total, { transitions }) => total + transitions, 0);
const about = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;

const place = fc.option(fc.integer({ min: 0, max: 5 }), { nil: null });
const links = fc.uniqueArray(
  fc.record({ source: place, target: place, transitions: fc.integer({ min: 1, max: 5_000 }) }),
  { selector: ({ source, target }) => `${source} ${target}`, maxLength: 49 },
);

test("every transition but those between other pages is in one ribbon, and ribbons fill the bars of both sides", () => {
  fc.assert(
    fc.property(links, (given) => {
      const layout = layoutFlow(flowOf(6, given));
      const between = given.filter(({ source, target }) => source === null && target === null);
      assert.equal(layout.hidden, sum(between));
      assert.equal(sum(layout.ribbons), sum(given) - sum(between));
      for (const [side, at] of [
        ["source", "sourcePx"],
        ["target", "targetPx"],
      ] as const) {
        const nodes = side === "source" ? layout.sources : layout.targets;
        let bottomPx = 0;
        nodes.forEach(({ topPx, heightPx, barTopPx, barPx, transitions, isOther, name }, index) => {
          assert.ok(topPx >= bottomPx && barTopPx >= topPx - 1e-9 && barPx <= heightPx + 1e-9);
          bottomPx = topPx + heightPx;
          const own = layout.ribbons.filter((ribbon) => ribbon[side] === index);
          assert.equal(transitions, sum(own));
          assert.equal(isOther, name === OTHER_PAGES);
          let nextPx = barTopPx;
          for (const ribbon of own) {
            assert.ok(about(ribbon[at], nextPx));
            nextPx += ribbon.px;
          }
          assert.ok(about(nextPx, barTopPx + barPx));
        });
        assert.ok(bottomPx <= layout.heightPx + 1e-9);
      }
    }),
  );
});

test("a thin ribbon is still seen, and nothing is drawn of nothing", () => {
  const ribbon = { source: 0, target: 0, transitions: 1, sourcePx: 3, targetPx: 9, px: 0.01 };
  assert.equal(ribbonPath(ribbon), "M0 3.00C45 3.00 55 9.00 100 9.00V9.75C55 9.75 45 3.75 0 3.75Z");
  const { ribbons, heightPx, sources } = layoutFlow(flowOf(0, []));
  assert.deepEqual([ribbons, heightPx, sources], [[], 0, []]);
});

test("lengths are said in the words of clocks", () => {
  const words = (fromSeconds: number, toSeconds: number | null) =>
    lengthWords({ fromSeconds, toSeconds, sessions: 0 });
  assert.deepEqual(
    [words(0, 10), words(10, 30), words(30, 60), words(60, 180), words(1_800, 3_600), words(3_600, null)],
    ["under 10 s", "10–30 s", "30–60 s", "1–3 min", "30–60 min", "1 h and more"],
  );
});
