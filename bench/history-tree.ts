// Days of results as the engine writes them: generated events → pane tables → windows → rows, without Kafka.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import { WindowWorker } from "../src/engines/embedded/window-worker.ts";
import { DEFAULT_EVENT_RULES } from "../src/events/event.ts";
import type { RecordColumns } from "../src/events/records.ts";
import { EventWriter } from "../src/generator/event-bytes.ts";
import { DEFAULT_WINDOWS } from "../src/queries/plan.ts";
import { sessionQueries } from "../src/queries/sessions.ts";
import { STANDARD_QUERIES } from "../src/queries/standard.ts";
import type { Manifest } from "../src/sinks/manifest.ts";
import { writeManifest } from "../src/sinks/manifest-file.ts";
import { windowFileName, windowFolder } from "../src/sinks/window-path.ts";
import { OpenWindows } from "../src/windows/open-windows.ts";
import { groupByWindows } from "../src/windows/window-groups.ts";

const BATCH = 1_000;
const DAY_MS = 86_400_000;
const GAP_MS = 1_800_000;
const windows = DEFAULT_WINDOWS;
const QUERIES = [...STANDARD_QUERIES, ...sessionQueries(GAP_MS, windows)];

interface Window {
  query: string;
  startMs: number;
  text: string;
}

/** The windows that start on the day from `startMs` on. */
function* windowsOfDay(startMs: number, eventsPerSecond: number): Generator<Window> {
  const stepMs = 1_000 / eventsPerSecond;
  const writer = new EventWriter({
    seed: 1,
    startMs,
    users: 1_000,
    lateShare: 0,
    outOfOrderMs: 0,
    brokenShare: 0,
    duplicateShare: 0,
  });
  const groups = groupByWindows(QUERIES, windows);
  const start = { partition: 0, position: 0, endOffset: null, greatestMs: -Infinity, floorMs: -Infinity };
  const worker = new WindowWorker({
    groups,
    rules: DEFAULT_EVENT_RULES,
    windows,
    idleAfterMs: Number.POSITIVE_INFINITY,
    clock: systemClock,
    partitions: [start],
  });
  const open = new OpenWindows(groups);
  let closedThroughMs = Number.NEGATIVE_INFINITY;
  const total = Math.ceil((DAY_MS + windows.sizeMs + windows.delayMs + GAP_MS + 60_000) / stepMs);
  for (let from = 0; from < total; from += BATCH) {
    worker.batch(0, batchOf(writer, { from, startMs, stepMs }), from + BATCH);
    const { slots, partitions } = worker.flush({ floors: [], final: false });
    for (const slot of slots) open.add(slot);
    const throughMs = open.lastEndBy((partitions[0]?.greatestMs ?? 0) - windows.delayMs);
    for (const window of open.ends(closedThroughMs, throughMs)) {
      for (const { query, windowStartMs, bytes } of open.close(window)) {
        const isOfDay = windowStartMs >= startMs && windowStartMs < startMs + DAY_MS;
        if (isOfDay) yield { query, startMs: windowStartMs, text: bytes.toString() };
      }
    }
    closedThroughMs = throughMs;
    open.takeRewrites(Number.POSITIVE_INFINITY);
    open.drop(throughMs);
  }
}

function batchOf(
  writer: EventWriter,
  { from, startMs, stepMs }: { from: number; startMs: number; stepMs: number },
): RecordColumns {
  const columns: RecordColumns = {
    bytes: Buffer.alloc(BATCH * 400),
    count: BATCH,
    offset: new Float64Array(BATCH),
    timestampMs: new Float64Array(BATCH).fill(startMs + 2 * DAY_MS),
    valueStart: new Int32Array(BATCH),
    valueEnd: new Int32Array(BATCH),
    recordStart: new Int32Array(BATCH),
  };
  let position = 0;
  for (let i = 0; i < BATCH; i++) {
    columns.offset[i] = from + i;
    columns.valueStart[i] = position;
    position = writer.write(from + i, startMs + (from + i) * stepMs, columns.bytes, position);
    columns.valueEnd[i] = position;
  }
  return columns;
}

/** The same rows so many days later. */
function shifted(text: string, days: number, texts: Map<string, string>): string {
  return text.replace(/"\d{4}-\d\d-\d\dT/g, (found) => {
    const key = `${found}${days}`;
    let other = texts.get(key);
    if (other === undefined) {
      other = `"${new Date(Date.parse(found.slice(1, 11)) + days * DAY_MS).toISOString().slice(0, 11)}`;
      texts.set(key, other);
    }
    return other;
  });
}

/** What the tree was made of, and how large it is. */
export interface WrittenTree {
  manifest: Manifest;
  files: number;
  rows: number;
  bytes: number;
}

/** Writes so many days of windows of the standard queries and of whole sessions, all like the first one, with a manifest. */
export async function writeTree(
  output: string,
  { startMs, days, eventsPerSecond }: { startMs: number; days: number; eventsPerSecond: number },
): Promise<WrittenTree> {
  const written = { files: 0, rows: 0, bytes: 0 };
  const folders = new Set<string>();
  const texts = new Map<string, string>();
  for (const window of windowsOfDay(startMs, eventsPerSecond)) {
    for (let day = 0; day < days; day++) {
      const windowStartMs = window.startMs + day * DAY_MS;
      const folder = join(output, windowFolder(window.query, windowStartMs));
      if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
      folders.add(folder);
      const text = shifted(window.text, day, texts);
      writeFileSync(join(folder, windowFileName(windowStartMs)), text);
      written.files++;
      written.rows += text.split("\n").length - 1;
      written.bytes += text.length;
    }
  }
  const manifest: Manifest = {
    format: 1,
    engine: "embedded",
    topic: { name: "bench", id: "00000000-0000-4000-8000-000000000000" },
    windows,
    rules: DEFAULT_EVENT_RULES,
    queries: QUERIES,
    closedThroughMs: startMs + days * DAY_MS + windows.sizeMs,
    partitions: [],
  };
  await writeManifest(output, manifest);
  return { manifest, ...written };
}
