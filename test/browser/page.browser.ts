import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { Page } from "playwright-core";
import { freePort } from "../../src/local/ports.ts";
import type { Pipeline, Queries, Top, User, Windows } from "../../src/web/api.ts";
import { formatCount, formatMean, formatPoints, formatShare } from "../../src/web/page/format/numbers.js";
import { shownText } from "../../src/web/page/format/text.js";
import { formatMoment, formatSpan } from "../../src/web/page/format/times.js";
import { VIEWS } from "../../src/web/page/model/route.js";
import { OTHERS } from "../../src/web/page/model/shares.js";
import { startCommand } from "../services/command-line.ts";
import { chromiumSuite } from "./chromium-suite.ts";
import { HOSTILE } from "./pipeline-with-page.ts";
import { firstProvisional, untilAnswers } from "./server-answers.ts";
import { chartValues, openWatched, settled, tableRows } from "./watched-page.ts";

const SCREENSHOTS = fileURLToPath(new URL("screenshots", import.meta.url));
const WIDTHS = [390, 820, 1440];

chromiumSuite("the page in a real Chromium", (started) => {
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${started.pipeline.url}${path}`);
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  };
  const open = async (hash: string) => {
    const watched = await openWatched(started.browser, `${started.pipeline.url}/#${hash}`);
    await settled(watched.page);
    return watched;
  };
  /** The answer that the page was given when it asked for this. */
  const answered = async <T>(page: Page, hash: string, path: RegExp): Promise<T> => {
    const response = page.waitForResponse((candidate) => path.test(candidate.url()) && candidate.ok());
    await page.goto("about:blank");
    await page.goto(`${started.pipeline.url}/#${hash}`);
    const answer = (await (await response).json()) as T;
    await settled(page);
    return answer;
  };
  const shown = async (page: Page, id: string): Promise<string> =>
    (await page.locator(`[data-value="${id}"]:visible`).first().textContent()) ?? "";

  test("Now: tiles, accounting and dead letters are the API's", async () => {
    await using watched = await open("now");
    const { page } = watched;
    const api = await ask<Pipeline>("/api/pipeline");
    assert.equal(await shown(page, "lag"), formatCount(api.lag));
    assert.equal(await shown(page, "windows-closed"), formatCount(api.windowsClosed));
    assert.equal(await shown(page, "account-read"), formatCount(api.read));
    assert.equal(await shown(page, "account-counted"), formatCount(api.counted));
    assert.equal(await shown(page, "account-late"), formatCount(api.late));
    const dead = Object.entries(api.dead).toSorted(([, a], [, b]) => b - a);
    const sum = dead.reduce((total, [, events]) => total + events, 0);
    assert.ok(sum > 0, "some events are broken");
    assert.equal(await shown(page, "account-dead"), formatCount(sum));
    const rows = await tableRows(page, "Dead letters by reason");
    assert.deepEqual(
      rows.map(([, events]) => events),
      dead.slice(0, 5).map(([, events]) => formatCount(events)),
    );
    assert.match(await page.locator("#status").innerText(), /Up to date/);
    assert.deepEqual(watched.problems, []);
    assert.deepEqual([...watched.hosts], [new URL(started.pipeline.url).host]);
  });

  test("Pages: the ranking, its search and its measure are the API's", async () => {
    await using watched = await open("pages");
    const { page } = watched;
    const hashes = ["pages", "pages?by=users", "pages?search=cart", "pages?range=24h"];
    for (const hash of hashes) {
      const top = await answered<Top>(page, hash, /\/api\/top\?query=url_counts/);
      const rows = await tableRows(page, "Top pages");
      assert.deepEqual(
        rows.map(([url, value]) => [url, value]),
        top.items.map(({ key, value }) => [shownText(key.url ?? ""), formatCount(value)]),
        hash,
      );
      if (top.total !== null) assert.equal(rows[0]?.[2], formatShare(top.items[0]!.value / top.total));
    }
    assert.deepEqual(watched.problems, []);
  });

  test("Pages: the peaks and the open windows are the API's", async () => {
    await using watched = await open("pages");
    const { page } = watched;
    const { rows } = await answered<Windows>(page, "pages", /\/api\/windows\?query=window_totals/);
    const greatest = Math.max(...rows.map(({ events }) => Number(events)));
    assert.equal(await page.locator(".peak-value").first().textContent(), formatCount(greatest));
    const drawn = await chartValues(page, /^Events in each window/);
    // A window without events has no row, and is drawn as 0.
    const told = new Map(
      rows.map((row) => [
        formatMoment(Date.parse(String(row.window_start))),
        formatCount(Number(row.events)),
      ]),
    );
    assert.ok(told.size > 0);
    assert.deepEqual(
      drawn,
      new Map([...drawn.keys(), ...told.keys()].map((moment) => [moment, told.get(moment) ?? "0"])),
    );

    const provisional = await firstProvisional(started.pipeline.url);
    const strip = page.getByRole("radiogroup", { name: "Open windows" });
    await strip.getByRole("radio").last().check({ force: true });
    const last = provisional.windows.at(-1)!;
    const expected = last.queries.url_counts!.rows.slice(0, 10);
    const wanted = expected.map(({ url, events }) => [shownText(String(url)), formatCount(Number(events))]);
    const shown = async (): Promise<unknown> =>
      (await tableRows(page, "Pages in open windows")).map(([url, events]) => [url, events]);
    for (let look = 0; look < 50 && !isDeepStrictEqual(await shown(), wanted); look++) {
      await page.waitForTimeout(100); // the page paints a choice with the next news, not at once
    }
    assert.deepEqual(await shown(), wanted);
    assert.deepEqual(watched.problems, []);
  });

  test("Devices: shares and their change are the API's", async () => {
    await using watched = await open("devices");
    const { page } = watched;
    const { rows } = await answered<Windows>(page, "devices", /\/api\/windows\?query=device_counts/);
    const start = String(rows.at(-1)?.window_start);
    const latest = rows.filter(({ window_start }) => window_start === start);
    const total = latest.reduce((sum, { events }) => sum + Number(events), 0);
    const table = await tableRows(page, "Devices: latest final window");
    for (const { device_type: device, events } of latest) {
      const row = table.find(([name]) => name === device);
      assert.deepEqual(row?.slice(1, 3), [formatCount(Number(events)), formatShare(Number(events) / total)]);
      assert.equal(row?.[3], formatPoints(null), "an hour before, there was nothing");
    }
    const one = `from=${Date.parse(start)}&to=${Date.parse(start) + 1}`;
    const browsers = await ask<Windows>(`/api/windows?query=browser_counts&${one}`);
    for (const [name, events] of await tableRows(page, "Browsers: latest final window")) {
      const own = browsers.rows.filter((row) => row.browser === name);
      const sum = own.reduce((count, row) => count + Number(row.events), 0);
      if (name !== OTHERS) assert.equal(events, formatCount(sum), name);
    }
    assert.deepEqual(watched.problems, []);
  });

  test("Users: activity, engagement and one user's timeline are the API's", async () => {
    await using watched = await open("users");
    const { page } = watched;
    const { rows } = await answered<Windows>(page, "users", /\/api\/windows\?query=window_totals/);
    const latest = rows.at(-1)!;
    assert.equal(await shown(page, "users"), formatCount(Number(latest.users)));
    assert.equal(await shown(page, "sessions"), formatCount(Number(latest.sessions)));
    const meanMs = (Number(latest.session_seconds) * 1_000) / Number(latest.sessions);
    assert.equal(await shown(page, "session-length"), formatSpan(meanMs));
    assert.equal(
      await shown(page, "events-a-session"),
      formatMean(Number(latest.events) / Number(latest.sessions)),
    );
    const apart =
      Date.parse(String(latest.window_start)) - (Date.parse(String(latest.window_start)) % 300_000);
    const views = await ask<Top>(`/api/top?query=url_counts&by=views&from=${apart}&to=${apart + 1}`);
    const totals = await ask<Windows>(`/api/windows?query=window_totals&from=${apart}&to=${apart + 1}`);
    assert.equal(
      await shown(page, "views-a-session"),
      formatMean(views.total! / Number(totals.rows[0]?.sessions)),
    );

    const link = page.getByRole("link", { name: "user_1", exact: true }).first();
    await page.getByRole("searchbox", { name: "Search users" }).fill("user_1");
    await link.click();
    const user = await answered<User>(page, new URL(page.url()).hash.slice(1), /\/api\/users\/user_1\?/);
    const facts = await page
      .locator("section", { has: page.getByRole("heading", { name: "One user" }) })
      .locator(".facts > div")
      .allInnerTexts();
    assert.equal(facts[0]?.replace(/\s/g, ""), `events${formatCount(Number(user.totals.events))}`);
    assert.deepEqual(watched.problems, []);
  });

  test("Pipeline: every partition, and what holds the next window open", async () => {
    await using watched = await open("pipeline");
    const { page } = watched;
    const api = await ask<Pipeline>("/api/pipeline");
    assert.deepEqual(
      (await tableRows(page, "Partitions")).map((row) => row.slice(0, 9)),
      api.partitions.map((partition) => [
        `${partition.partition}`,
        ...[partition.position, partition.end, partition.lag].map(formatCount),
        ...[partition.watermarkMs, partition.greatestMs, partition.floorMs].map(formatMoment),
        ...[partition.late, partition.dead].map(formatCount),
      ]),
    );
    assert.match(await shown(page, "held-by"), new RegExp(`partition ${api.next?.heldBy} holds it open`));
    const reasons = await tableRows(page, "Dead letters by reason");
    assert.deepEqual(
      Object.fromEntries(reasons.map(([reason, events]) => [reason, events])),
      Object.fromEntries(Object.entries(api.dead).map(([reason, events]) => [reason, formatCount(events)])),
    );
    const [first] = reasons[0]!;
    await page.getByRole("button", { name: "Replay…" }).click();
    await page.getByText(/would be sent to the topic again/).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await assert.doesNotReject(
      page.getByText(`npx clickstream dlq show --reason ${first} --limit 5 --topic shop`).waitFor(),
    );
    assert.deepEqual(watched.problems, []);
  });

  test("Queries: one of the user's own shows by its columns", async () => {
    await using watched = await open("queries");
    const { page } = watched;
    const { queries } = await ask<Queries>("/api/queries");
    const radios = page.getByRole("radiogroup", { name: "Query" }).getByRole("radio");
    assert.equal(await radios.count(), queries.length);
    const top = await answered<Top>(
      page,
      "queries?query=page_funnel",
      /\/api\/top\?query=page_funnel.*limit=10/,
    );
    const rows = await tableRows(page, "Keys with most");
    assert.deepEqual(
      rows.map(([key, value]) => [key, value]),
      top.items.map(({ key, value }) => [shownText(`${key.url} · ${key.device_type}`), formatCount(value)]),
    );
    assert.equal(rows[0]?.at(-1), formatSpan(Number(top.items[0]?.measures.longest_visit_seconds) * 1_000));
    assert.deepEqual(watched.problems, []);
  });

  test("hostile urls and users are only ever text, and break no layout", async () => {
    for (const hash of ["pages", "users", "queries?query=page_funnel", "pages?search=%3Cimg"]) {
      await using watched = await openWatched(started.browser, `${started.pipeline.url}/#${hash}`, {
        viewport: { width: 390, height: 800 },
      });
      const { page } = watched;
      await settled(page);
      assert.equal(
        await page.locator("main img, main script, main svg[onload], main [onerror]").count(),
        0,
        hash,
      );
      assert.notEqual(await page.title(), "owned");
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content! <= window!, `${hash} is ${content} px wide in a window of ${window} px`);
      assert.deepEqual(watched.problems, []);
    }
    await using watched = await open("pages?search=onerror");
    assert.equal((await tableRows(watched.page, "Top pages"))[0]?.[0], HOSTILE.markup);
  });

  test("everything is reached with keys, and a chart tells its values", async () => {
    await using watched = await open("pages");
    const { page } = watched;
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the numbers");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "view");
    const chart = page.getByRole("group", { name: /^Events in each window/ });
    await chart.focus();
    const legend = page.locator("figure", { has: chart }).locator(".legend-when");
    await page.keyboard.press("Home");
    const first = await legend.textContent();
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await legend.textContent(), first);
    await page.getByRole("radio", { name: "1 hour", exact: true }).focus();
    await page.keyboard.press("ArrowRight");
    assert.match(page.url(), /range=6h/);
    assert.deepEqual(watched.problems, []);
  });

  test("the theme is the system's until one is chosen, and stays", async () => {
    await using watched = await openWatched(started.browser, `${started.pipeline.url}/#now`, {
      colorScheme: "dark",
    });
    const { page } = watched;
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await paper();
    await page.getByRole("radio", { name: "Light" }).check({ force: true });
    const light = await paper();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await paper(), light);
  });

  test("a thousand pieces of news a second are painted four times", async () => {
    await using watched = await open("now");
    const paints = await watched.page.evaluate(async () => {
      const { paintScheduler } = await import(new URL("/base/paint.js", location.href).href);
      let count = 0;
      const paint = paintScheduler(() => count++);
      await new Promise<void>((resolve) => {
        let news = 0;
        const timer = setInterval(() => {
          for (let piece = 0; piece < 10; piece++) paint.soon();
          if (++news < 200) return;
          clearInterval(timer);
          resolve();
        }, 10);
      });
      return count;
    });
    assert.ok(paints >= 1 && paints <= 4 * 2 * 3, `${paints} paintings`); // a busy machine takes longer for the 2,000
  });

  test("axe finds nothing serious, in light and dark", async () => {
    const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
    const { readFileSync } = await import("node:fs");
    const source = readFileSync(axe, "utf8");
    for (const colorScheme of ["light", "dark"] as const) {
      for (const view of VIEWS) {
        await using watched = await openWatched(started.browser, `${started.pipeline.url}/#${view}`, {
          colorScheme,
        });
        await settled(watched.page);
        await watched.page.evaluate(source);
        const violations = await watched.page.evaluate(async () => {
          const { violations: all } = await (
            globalThis as unknown as { axe: typeof import("axe-core") }
          ).axe.run();
          return all
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(
              ({ id, nodes }) =>
                `${id}: ${nodes
                  .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
                  .slice(0, 3)
                  .join("; ")}`,
            );
        });
        assert.deepEqual(violations, [], `${view}, ${colorScheme}`);
      }
    }
  });

  test("screenshots at three widths, in light and dark", async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    for (const colorScheme of ["light", "dark"] as const) {
      await using watched = await openWatched(started.browser, `${started.pipeline.url}/#now`, {
        colorScheme,
        reducedMotion: "reduce",
      });
      const { page } = watched;
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width < 500 ? 800 : 900 });
        for (const view of VIEWS) {
          await page.goto(`${started.pipeline.url}/#${view}`);
          await settled(page);
          const content = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(content <= width, `${view} is ${content} px wide in a window of ${width} px`);
          await page.screenshot({
            path: `${SCREENSHOTS}/${view}-${width}-${colorScheme}.png`,
            fullPage: true,
          });
        }
      }
    }
  });

  test("after the server was away the page is back by itself", async () => {
    await using watched = await open("now");
    const { page } = watched;
    const banner = page.getByRole("alert").filter({ hasText: "connection to the server is lost" });
    await started.pipeline.stop();
    await banner.waitFor();
    assert.match(await banner.innerText(), /Numbers are those of \d\d:\d\d:\d\d UTC/);
    await started.pipeline.start();
    await banner.waitFor({ state: "hidden", timeout: 30_000 });
    const api = await ask<Pipeline>("/api/pipeline");
    await page.waitForFunction(
      (read) => document.querySelector('[data-value="account-read"]')?.textContent === read,
      formatCount(api.read),
    );
  });

  test("without an engine the page shows what is final, and says so", async () => {
    const port = await freePort();
    const serve = startCommand(
      started.pipeline.folder,
      "serve",
      "--output",
      "output",
      "--http",
      String(port),
    );
    try {
      await untilAnswers(`http://127.0.0.1:${port}/livez`);
      await using watched = await openWatched(started.browser, `http://127.0.0.1:${port}/#pages`);
      await settled(watched.page);
      await watched.page.getByText("No engine runs in this process").first().waitFor();
      assert.ok((await tableRows(watched.page, "Top pages")).length > 0);
      assert.deepEqual(watched.problems, []);
    } finally {
      serve.child.kill("SIGINT");
      await serve.ended;
    }
  });
});
