// The panels of alerts and of data quality against the API, and the width of everything, in a real Chromium.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Pipeline } from "../../src/web/api.ts";
import { shownText } from "../../src/web/page/format/text.js";
import { formatMoment } from "../../src/web/page/format/times.js";
import { VIEWS } from "../../src/web/page/model/route.js";
import { formatMeasured } from "../../src/web/page/views/quality-panel.js";
import { chromiumSuite } from "./chromium-suite.ts";
import { HOSTILE } from "./pipeline-with-page.ts";
import { openWatched, settled, tableRows } from "./watched-page.ts";

const WIDTHS = [360, 390, 480, 600, 736, 820, 960, 1_088, 1_280, 1_440, 1_920];
/** Tables of many columns scroll in themselves; those of pages show all at once from this width on. */
const TABLES_FIT = { view: "pages", fromWidth: 820 };
const LOOKS = 300;

chromiumSuite("alerts, data quality and widths in a real Chromium", (started) => {
  /** The API's answer as soon as it is so. */
  const pipelineThat = async (is: (answer: Pipeline) => boolean): Promise<Pipeline> => {
    for (let look = 0; look < LOOKS; look++) {
      const answer = (await (await fetch(`${started.pipeline.url}/api/pipeline`)).json()) as Pipeline;
      if (is(answer)) return answer;
      await delay(200);
    }
    throw new Error("the API does not come to tell that");
  };
  const open = async (options = {}) => {
    const watched = await openWatched(started.browser, `${started.pipeline.url}/#pipeline`, options);
    await settled(watched.page);
    return watched;
  };
  const keyText = (key: Readonly<Record<string, string>>): string =>
    Object.values(key).map(shownText).join(" · ") || "–";

  test("an alert that fires and one that was resolved are the API's", async () => {
    const { alerts } = await pipelineThat(
      (answer) =>
        answer.alerts?.active.some(({ rule }) => rule === "attacked") === true &&
        answer.alerts.recent.some(({ rule, state }) => rule === "seen_once" && state === "resolved"),
    );
    await using watched = await open();
    const { page } = watched;
    const panel = page.locator("section", {
      has: page.getByRole("heading", { name: "Alerts", exact: true }),
    });
    const pending = alerts!.active.filter(({ phase }) => phase === "pending").length;
    await panel.getByText(`${alerts!.firing} firing, ${pending} pending`).waitFor();
    assert.deepEqual(
      await tableRows(page, "Alerts that are pending or firing"),
      alerts!.active.map(({ rule, key, phase, severity, sinceMs, value, condition, note }) => [
        ...[rule, keyText(key), phase, severity, formatMoment(sinceMs)],
        ...[String(value), shownText(condition), note === null ? "" : shownText(note)],
      ]),
    );
    assert.deepEqual(
      await tableRows(page, "Latest changes of alerts"),
      alerts!.recent.map(({ rule, key, state, atMs, value }) => [
        ...[formatMoment(atMs), rule, keyText(key), state, value === null ? "–" : String(value)],
      ]),
    );
    const firing = (await tableRows(page, "Alerts that are pending or firing")).find(
      ([rule]) => rule === "attacked",
    );
    assert.equal(firing?.[1], HOSTILE.markup);
    assert.equal(firing?.at(-1), HOSTILE.quote);
    assert.deepEqual(watched.problems, []);
  });

  test("what the latest window says of the data is the API's", async () => {
    const { quality } = await pipelineThat((answer) => answer.quality !== null);
    assert.ok(quality!.rows.length > 0);
    await using watched = await open();
    const told = (what: string, low: number | null, high: number | null): string =>
      low === null || high === null
        ? "not enough history"
        : `${formatMeasured(what, low)} to ${formatMeasured(what, high)}`;
    assert.deepEqual(
      await tableRows(watched.page, "Data quality"),
      quality!.rows.map(({ expectation, key, value, low, high }) => [
        ...[
          expectation.replace("_", " "),
          key,
          formatMeasured(expectation, value),
          told(expectation, low, high),
        ],
      ]),
    );
    assert.deepEqual(watched.problems, []);
  });

  test("nothing is wider than its place, at any width", async () => {
    await using watched = await open({ reducedMotion: "reduce" });
    const { page } = watched;
    const findings: string[] = [];
    for (const view of VIEWS) {
      await page.goto(`${started.pipeline.url}/#${view}`);
      await settled(page);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate(
          (tablesFit) => {
            const isWider = (element: Element): boolean => element.scrollWidth > element.clientWidth + 1;
            const [root] = [document.documentElement];
            const panels = [...document.querySelectorAll("main section, main .panel-body")];
            const tables = tablesFit ? [...document.querySelectorAll("main .scroll-x")] : [];
            return [root, ...panels, ...tables]
              .filter((element) => element.checkVisibility() && isWider(element))
              .map((element) => {
                const name = element.getAttribute("aria-label") ?? element.querySelector("h2")?.textContent;
                return `${name ?? element.tagName}: ${element.scrollWidth} in ${element.clientWidth}`;
              });
          },
          view === TABLES_FIT.view && width >= TABLES_FIT.fromWidth,
        );
        findings.push(...wide.map((finding) => `${view} at ${width} px: ${finding}`));
      }
    }
    assert.deepEqual(findings, []);
  });

  test("when no alert fires any more, the panel says so", async () => {
    await using watched = await open();
    await started.pipeline.stop();
    await started.pipeline.start("defaults");
    const { alerts } = await pipelineThat((answer) => answer.alerts?.active.length === 0);
    const { page } = watched;
    await page.getByText(`Nothing of ${alerts!.rules} rules fires.`).waitFor({ timeout: 60_000 });
    const changes = await tableRows(page, "Latest changes of alerts");
    assert.deepEqual(changes.find(([, rule]) => rule === "attacked")?.slice(1, 4), [
      "attacked",
      HOSTILE.markup,
      "resolved",
    ]);
    assert.equal(
      await page.getByRole("region", { name: "Alerts that are pending or firing" }).isVisible(),
      false,
    );
  });
});
