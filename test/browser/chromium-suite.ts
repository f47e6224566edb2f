import { after, before, suite } from "node:test";
import type { Browser } from "playwright-core";
import { findChromium, launchChromium } from "./chromium.ts";
import { type PipelineWithPage, startPipelineWithPage } from "./pipeline-with-page.ts";

/** What the tests of a suite share; there once they run. */
export interface Started {
  readonly browser: Browser;
  readonly pipeline: PipelineWithPage;
}

/** A suite over a real engine with its page and a real Chromium; skipped, with the reason, where none can be had. */
export function chromiumSuite(name: string, tests: (started: Started) => void): void {
  const found = findChromium();
  const cleanups: (() => Promise<void>)[] = [];
  const started: { browser?: Browser; pipeline?: PipelineWithPage } = {};
  suite(name, { skip: "missing" in found ? found.missing : false }, () => {
    before(async () => {
      if ("missing" in found) return;
      started.pipeline = await startPipelineWithPage({ after: (cleanup) => cleanups.push(cleanup) });
      started.browser = await launchChromium(found.path);
    });
    after(async () => {
      await started.browser?.close();
      for (const cleanup of cleanups.toReversed()) await cleanup();
    });
    tests(started as Started);
  });
}
