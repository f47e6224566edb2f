// Whole sessions on the page, over a real engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { freePort } from "../../src/local/ports.ts";
import { formatCount, formatMean, formatShare } from "../../src/web/page/format/numbers.js";
import { shownText } from "../../src/web/page/format/text.js";
import { formatSpan } from "../../src/web/page/format/times.js";
import { layoutFlow, OTHER_PAGES } from "../../src/web/page/model/flow-layout.js";
import { lengthWords } from "../../src/web/page/model/session-lengths.js";
import type { Flow, SessionPages, Sessions } from "../../src/web/sessions-contract.ts";
import { runCommand, startCommand } from "../services/command-line.ts";
import { chromiumSuite } from "./chromium-suite.ts";
import { HOSTILE } from "./pipeline-with-page.ts";
import { untilAnswers } from "./server-answers.ts";
import { openWatched, settled, tableRows } from "./watched-page.ts";

chromiumSuite("whole sessions in a real Chromium", (started) => {
  const open = async (hash: string) => {
    const watched = await openWatched(started.browser, `${started.pipeline.url}/#${hash}`);
    await settled(watched.page);
    return watched;
  };
  /** The answers that the page was given when it asked for these. */
  const answered = async <T extends readonly unknown[]>(
    page: Page,
    hash: string,
    paths: { [I in keyof T]: RegExp },
  ): Promise<T> => {
    const responses = paths.map((path) =>
      page.waitForResponse((candidate) => path.test(candidate.url()) && candidate.ok()),
    );
    await page.goto("about:blank");
    await page.goto(`${started.pipeline.url}/#${hash}`);
    const answers = await Promise.all(responses.map(async (response) => (await response).json()));
    await settled(page);
    return answers as unknown as T;
  };
  const shown = async (page: Page, id: string): Promise<string> =>
    (await page.locator(`[data-value="${id}"]:visible`).first().textContent()) ?? "";

  test("lengths and bounces are the API's", async () => {
    await using watched = await open("sessions");
    const { page } = watched;
    const [api] = await answered<[Sessions]>(page, "sessions", [/\/api\/sessions\?/]);
    assert.ok(api.sessions > 50 && api.bounces > 0, `${api.sessions} sessions, ${api.bounces} bounces`);
    assert.equal(await shown(page, "whole-sessions"), formatCount(api.sessions));
    assert.equal(await shown(page, "bounce-share"), formatShare(api.bounces / api.sessions));
    assert.equal(await shown(page, "median-length"), formatSpan(api.medianSeconds! * 1_000));
    assert.equal(await shown(page, "p90-length"), formatSpan(api.p90Seconds! * 1_000));
    assert.equal(await shown(page, "pages-a-session"), formatMean(api.pages / api.sessions));
    assert.deepEqual(
      await tableRows(page, "Session lengths"),
      api.lengths.map((length) => [
        lengthWords(length),
        formatCount(length.sessions),
        formatShare(length.sessions / api.sessions),
      ]),
    );
    assert.deepEqual(watched.problems, []);
    assert.deepEqual([...watched.hosts], [new URL(started.pipeline.url).host]);
  });

  test("entry and exit pages, their search and the long list are the API's", async () => {
    await using watched = await open("sessions");
    const { page } = watched;
    const rowsOf = ({ items, sessions: all }: SessionPages) =>
      items.map(({ page: name, sessions, bounces, totalSeconds }) => [
        shownText(name),
        formatCount(sessions),
        formatShare(sessions / all),
        formatShare(bounces / sessions),
        formatSpan((totalSeconds / sessions) * 1_000),
      ]);
    for (const hash of [
      "sessions",
      "sessions?search=cart",
      "sessions?range=24h",
      "sessions?search=onerror",
    ]) {
      const [entries, exits] = await answered<[SessionPages, SessionPages]>(page, hash, [
        /\/api\/sessions\/pages\?side=entry/,
        /\/api\/sessions\/pages\?side=exit/,
      ]);
      assert.ok(exits.items.length > 0, hash);
      assert.deepEqual(await tableRows(page, "Entry pages"), rowsOf(entries), hash);
      assert.deepEqual(await tableRows(page, "Exit pages"), rowsOf(exits), hash);
    }
    assert.equal((await tableRows(page, "Exit pages"))[0]?.[0], HOSTILE.markup);
    assert.equal(await page.locator("main img, main script, main [onerror]").count(), 0);

    await page.getByRole("searchbox", { name: "Search pages" }).fill("no page holds this");
    await page.getByText("No page holds “no page holds this”.").waitFor();
    await page.getByRole("searchbox", { name: "Search pages" }).fill("");
    const long = page.waitForResponse(/\/api\/sessions\/pages\?side=exit.*limit=100/);
    await page.getByRole("button", { name: /^Show \d+$/ }).click();
    const all = (await (await long).json()) as SessionPages;
    await page.waitForFunction(
      (rows) => document.querySelectorAll('[aria-label="Exit pages"] tbody tr').length === rows,
      all.items.length,
    );
    assert.deepEqual(await tableRows(page, "Exit pages"), rowsOf(all));
    assert.deepEqual(watched.problems, []);
  });

  test("the flow shows the API's transitions, as a picture and as a table, to pointer and keys", async () => {
    await using watched = await open("sessions");
    const { page } = watched;
    const [flow] = await answered<[Flow]>(page, "sessions", [/\/api\/flow\?/]);
    const layout = layoutFlow(flow);
    const figure = page.getByRole("figure", { name: "Pages that follow each other" });
    assert.equal(await figure.locator("path").count(), layout.ribbons.length);
    for (const [list, pages] of [
      ["Pages that were left", layout.sources],
      ["Pages that were gone to", layout.targets],
    ] as const) {
      const items = figure.getByRole("list", { name: list }).getByRole("button");
      assert.deepEqual(
        await items.evaluateAll((all) =>
          all.map((item) => [...item.children].map((part) => part.textContent)),
        ),
        pages.map(({ name, transitions }) => [shownText(name), formatCount(transitions)]),
      );
    }
    const name = (side: Flow["sources"], place: number | null): string =>
      place === null ? OTHER_PAGES : shownText(side[place]!.page);
    await page.getByText("Values", { exact: true }).click();
    assert.deepEqual(
      await tableRows(page, "Pages that follow each other: values"),
      flow.links.map(({ source, target, transitions }) => [
        name(flow.sources, source),
        name(flow.targets, target),
        formatCount(transitions),
        formatShare(transitions / flow.transitions),
      ]),
    );

    const first = figure.getByRole("list", { name: "Pages that were left" }).getByRole("button").first();
    const caption = figure.locator("figcaption");
    const ofFirst = layout.ribbons.filter(({ source }) => source === 0);
    await first.focus();
    assert.equal(await figure.locator("path.on").count(), ofFirst.length);
    const most = ofFirst.toSorted((a, b) => b.transitions - a.transitions)[0]!;
    const to = layout.targets[most.target]!.name;
    const share = formatShare(most.transitions / layout.sources[0]!.transitions);
    assert.ok((await caption.textContent())?.includes(`times: ${shownText(to)} ${share}`));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.getByRole("searchbox", { name: "Search pages" }).focus();
    assert.equal(await first.getAttribute("aria-pressed"), "true");
    assert.equal(await figure.locator("path.on").count(), ofFirst.length, "stays while it is pressed");
    await first.click();
    await page.mouse.move(0, 0);
    await page.getByRole("searchbox", { name: "Search pages" }).focus();
    assert.equal(await figure.locator("path.on").count(), 0);
    assert.deepEqual(watched.problems, []);
  });

  test("an output without them says how to have them, with a command that can be copied", async () => {
    const { folder, brokers } = started.pipeline;
    const target = ["--brokers", brokers.join(), "--topic", "shop"];
    const processed = await runCommand(folder, "process", ...target, "--output", "plain", "--until-end");
    assert.equal(processed.code, 0, processed.stderr);
    const port = await freePort();
    const serve = startCommand(folder, "serve", "--output", "plain", "--http", String(port));
    try {
      await untilAnswers(`http://127.0.0.1:${port}/livez`);
      await using watched = await openWatched(started.browser, `http://127.0.0.1:${port}/#sessions`);
      const { page } = watched;
      await settled(page);
      await page.getByText("This output has no whole sessions.").waitFor();
      const command = "npx clickstream process --topic shop --output output-sessions --sessions";
      await page.getByText(command, { exact: true }).waitFor();
      assert.equal(await page.getByRole("heading", { name: "From page to page" }).isVisible(), false);
      assert.deepEqual(watched.problems, []);
    } finally {
      serve.child.kill("SIGINT");
      await serve.ended;
    }
  });
});
