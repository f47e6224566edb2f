import { readFile } from "node:fs/promises";
import type { QueryPlan, WindowLengths } from "../../queries/plan.ts";
import { windowsOf } from "../../queries/window-lengths.ts";
import type { KeptFrom, ResultWindows, WindowKey } from "../../sinks/postgres/tree-follower.ts";
import type { WindowRows } from "../../sinks/sink.ts";
import { committedFiles, rowsUnreadable } from "../../sinks/spark-files.ts";

const NEWLINE = 0x0a;
const START_FROM = '{"window_start":"'.length;
const START_TO = START_FROM + "2026-11-23T08:05:00.000Z".length;
/** Rows of windows that are read from files in one pass: what is held in memory, against passes over the same files. */
const PASS_BYTES = 32 << 20;

/** A window, as files of its query have it. */
interface FoundWindow {
  startMs: number;
  bytes: number;
  files: Set<string>;
}

/** What the files of a query hold, as far as they were looked into. */
interface Contents {
  plan: QueryPlan;
  files: Set<string>;
  windows: Map<number, FoundWindow>;
}

/**
 * The windows of some queries that Spark has committed. A batch commits windows whole, in files that hold rows of many of
 * them, in no order. Every file is looked through once for the windows in it; 44,000 windows are some MB of memory.
 */
export class SparkWindows implements ResultWindows {
  readonly #output: string;
  readonly #contents: ReadonlyMap<string, Contents>;
  readonly #windows: WindowLengths;

  constructor(
    output: string,
    { queries, windows }: { queries: readonly QueryPlan[]; windows: WindowLengths },
  ) {
    this.#output = output;
    this.#windows = windows;
    this.#contents = new Map(
      queries.map((plan) => [plan.name, { plan, files: new Set(), windows: new Map() }]),
    );
  }

  /** By query, ascending. @throws ClickstreamError ROWS_UNREADABLE */
  async list(): Promise<WindowKey[]> {
    const keys: WindowKey[] = [];
    for (const [query, contents] of this.#contents) {
      await this.#lookThrough(contents);
      const starts = [...contents.windows.keys()].sort((a, b) => a - b);
      for (const windowStartMs of starts) keys.push({ query, windowStartMs });
    }
    return keys;
  }

  async *read(keys: readonly WindowKey[]): AsyncGenerator<WindowRows> {
    for (const [query, ofQuery] of Map.groupBy(keys, (key) => key.query)) {
      const { plan, windows } = this.#contents.get(query) as Contents;
      const found = ofQuery.flatMap(({ windowStartMs }) => windows.get(windowStartMs) ?? []);
      for (const pass of passes(found)) yield* this.#readWindows(plan, pass);
    }
  }

  /** Nothing drops days under Spark. */
  async keptFrom(): Promise<KeptFrom> {
    return new Map();
  }

  async #lookThrough({ plan, files, windows }: Contents): Promise<void> {
    for (const path of await committedFiles(this.#output, plan.name)) {
      if (files.has(path)) continue;
      const inFile = new Map<string, number>();
      for (const { start, line } of rowsIn(await readFile(path))) {
        inFile.set(start, (inFile.get(start) ?? 0) + line.length);
      }
      for (const [start, bytes] of inFile) {
        const startMs = Date.parse(start);
        if (Number.isNaN(startMs)) throw rowsUnreadable(path, start);
        const window = windows.get(startMs) ?? { startMs, bytes: 0, files: new Set() };
        window.bytes += bytes;
        window.files.add(path);
        windows.set(startMs, window);
      }
      files.add(path);
    }
  }

  async *#readWindows(plan: QueryPlan, windows: readonly FoundWindow[]): AsyncGenerator<WindowRows> {
    const rows = new Map(
      windows.map(({ startMs }) => [
        new Date(startMs).toISOString(),
        [] as { keys: Buffer[]; text: string }[],
      ]),
    );
    for (const path of new Set(windows.flatMap(({ files }) => [...files]))) {
      for (const { start, line } of rowsIn(await readFile(path))) {
        const ofWindow = rows.get(start);
        if (ofWindow === undefined) continue;
        const text = line.toString();
        const values = parsedRow(path, text);
        const keys = plan.by.map((field) => Buffer.from(String(values[field])));
        ofWindow.push({ keys, text: `${plainEscapes(text)}\n` });
      }
    }
    const { sizeMs } = windowsOf(plan, this.#windows);
    for (const [start, ofWindow] of rows) {
      ofWindow.sort((a, b) => compareKeys(a.keys, b.keys));
      const bytes = Buffer.from(ofWindow.map(({ text }) => text).join(""));
      const windowStartMs = Date.parse(start);
      yield {
        query: plan.name,
        windowStartMs,
        windowEndMs: windowStartMs + sizeMs,
        rowCount: ofWindow.length,
        bytes,
      };
    }
  }
}

function* passes(windows: readonly FoundWindow[]): Generator<FoundWindow[]> {
  let pass: FoundWindow[] = [];
  let bytes = 0;
  for (const window of windows) {
    if (pass.length > 0 && bytes + window.bytes > PASS_BYTES) {
      yield pass;
      pass = [];
      bytes = 0;
    }
    pass.push(window);
    bytes += window.bytes;
  }
  if (pass.length > 0) yield pass;
}

/** Each line, without its end, and the start of its window as it is written there. */
function* rowsIn(file: Buffer): Generator<{ start: string; line: Buffer }> {
  for (let at = 0; at < file.length; ) {
    const found = file.indexOf(NEWLINE, at);
    const end = found < 0 ? file.length : found;
    const line = file.subarray(at, end);
    if (line.length > 0) yield { start: line.toString("latin1", START_FROM, START_TO), line };
    at = end + 1;
  }
}

function parsedRow(path: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw rowsUnreadable(path, text);
  }
}

function compareKeys(left: readonly Buffer[], right: readonly Buffer[]): number {
  for (const [index, key] of left.entries()) {
    const order = Buffer.compare(key, right[index] as Buffer);
    if (order !== 0) return order;
  }
  return 0;
}

/** Java writes control characters with capital letters (`\u001F`), the meaning of rows says small ones. */
function plainEscapes(line: string): string {
  return line.includes("\\u")
    ? line.replaceAll(/\\(?:u[0-9A-F]{4}|.)/g, (sequence) =>
        sequence[1] === "u" ? sequence.toLowerCase() : sequence,
      )
    : line;
}
