// What the API, the metrics and the page tell of a run under Spark, and of the results that it left.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/local/ports.ts";
import { type Pipeline, pipelineSchema, type Row, type Windows, windowsSchema } from "../../src/web/api.ts";
import { findChromium, launchChromium } from "../browser/chromium.ts";
import { untilAnswers } from "../browser/server-answers.ts";
import { startCommand } from "../services/command-line.ts";

const FINAL_ONLY = "Spark tells a window only when it is final";

/** Waits until Spark has told of every query and executor, and compares what the pipeline, the stream and the metrics say. */
export async function checkRunUnderSpark(
  url: string,
  { queries, executors, ended }: { queries: readonly string[]; executors: number; ended: Promise<never> },
): Promise<void> {
  await Promise.race([untilAnswers(`${url}/livez`), ended]);
  let pipeline: Pipeline;
  do {
    await Promise.race([delay(200), ended]);
    pipeline = pipelineSchema.parse(await (await fetch(`${url}/api/pipeline`)).json());
  } while (!isTold(pipeline, queries, executors));
  assert.deepEqual([pipeline.engine, pipeline.provisional, pipeline.next], ["spark", "spark", null]);
  assert.ok(pipeline.lag !== null && pipeline.windowsClosed !== null && pipeline.read > 0);
  for (const query of pipeline.spark!.queries) {
    assert.ok(query.processedPerSecond !== null && query.processedPerSecond >= 0, query.name);
    assert.ok(query.inputPerSecond !== null && query.inputPerSecond >= 0, query.name);
    assert.ok(query.batchMs[0]! > 0, query.name);
    assert.equal(query.droppedRows, 0, `${query.name}: nothing is late`);
  }
  assert.ok(
    pipeline.spark!.executors.every(({ cores, host }) => cores === 2 && host !== ""),
    "every executor takes two tasks at once and has a host",
  );

  const sampled = samples(await (await fetch(`${url}/metrics`)).text());
  assert.equal(sampled.get("clickstream_spark_executors"), executors);
  for (const query of queries) {
    const label = `{query="${query}"}`;
    assert.ok(sampled.get(`clickstream_spark_batches_total${label}`)! > 0, query);
    assert.ok(sampled.get(`clickstream_spark_batch_duration_seconds${label}`)! > 0, query);
    assert.ok(sampled.get(`clickstream_spark_input_rows_per_second${label}`)! >= 0, query);
    assert.ok(sampled.get(`clickstream_spark_processed_rows_per_second${label}`)! >= 0, query);
    assert.equal(sampled.get(`clickstream_spark_dropped_rows_total${label}`), 0, query);
  }
}

function isTold({ spark }: Pipeline, queries: readonly string[], executors: number): boolean {
  const told = new Map(spark?.queries.map((query) => [query.name, query.batches]));
  const active = spark?.executors.filter((executor) => executor.active).length;
  return active === executors && queries.every((name) => (told.get(name) ?? 0) > 0);
}

/** Values of a scrape by name and labels. */
function samples(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

/** Serves an output tree that Spark wrote: the API must tell these rows and no other, the page that they are all there is. */
export async function checkOutputOfSpark(
  folder: string,
  output: string,
  rows: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const served = startCommand(folder, "serve", "--output", output, "--http", String(port));
  try {
    await untilAnswers(`${url}/livez`);
    const { engine, provisional, status } = pipelineSchema.parse(
      await (await fetch(`${url}/api/pipeline`)).json(),
    );
    assert.deepEqual([engine, provisional, status], ["spark", "spark", "stopped"]);
    for (const [query, expected] of rows) {
      const found = (await allRows(url, query)).map((row) => JSON.stringify(row)).sort();
      assert.deepEqual(found, expected.map((row) => JSON.stringify(JSON.parse(row))).sort(), query);
    }
    await checkPage(`${url}/#pages`);
  } finally {
    served.child.kill("SIGINT");
    await served.ended;
  }
}

/** Page by page. */
async function allRows(url: string, query: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const from = cursor === "" ? "" : `&cursor=${cursor}`;
    const answer = await fetch(`${url}/api/windows?query=${query}&from=0&limit=97${from}`);
    const page: Windows = windowsSchema.parse(await answer.json());
    rows.push(...page.rows);
    cursor = page.nextCursor;
  }
  return rows;
}

async function checkPage(url: string): Promise<void> {
  const found = findChromium();
  if ("missing" in found) {
    process.stdout.write(`# the page over Spark's results was not opened: ${found.missing}\n`);
    return;
  }
  const browser = await launchChromium(found.path);
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    await page.goto(url);
    await page.getByText(FINAL_ONLY).first().waitFor();
    await page.getByRole("region", { name: "Top pages", exact: true }).locator("tbody tr").first().waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
}
