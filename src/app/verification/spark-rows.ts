import { readFile } from "node:fs/promises";
import { ClickstreamError } from "../../core/errors.ts";
import type { WindowText } from "../../history/window-texts.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import { committedFiles } from "../../sinks/spark-files.ts";

/** A file and the windows of its rows. */
interface FileExtent {
  path: string;
  firstMs: number;
}

/** A file under reading. */
interface OpenFile {
  bytes: Buffer;
  /** By the start of a window that nobody has taken yet, where its rows begin. */
  rowsOf: Map<number, number[]>;
}

/**
 * The rows of a query that Spark has committed, window by window in ascending order, each sorted by its keys. Files are
 * read twice: once for their first windows, then as these come. A batch writes the windows that it closes, so the files in
 * memory are about those of one batch.
 * @throws ClickstreamError ROWS_UNREADABLE
 */
export async function* sparkWindows(output: string, plan: QueryPlan): AsyncGenerator<WindowText> {
  const waiting: FileExtent[] = [];
  for (const path of await committedFiles(output, plan.name)) {
    const { rowsOf } = await openFile(path);
    if (rowsOf.size > 0) waiting.push({ path, firstMs: Math.min(...rowsOf.keys()) });
  }
  waiting.sort((left, right) => right.firstMs - left.firstMs);
  let open: OpenFile[] = [];
  for (;;) {
    const startMs = Math.min(
      waiting.at(-1)?.firstMs ?? Number.POSITIVE_INFINITY,
      ...open.flatMap(({ rowsOf }) => [...rowsOf.keys()]),
    );
    if (startMs === Number.POSITIVE_INFINITY) return;
    for (let file = waiting.at(-1); file?.firstMs === startMs; file = waiting.at(-1)) {
      open.push(await openFile(file.path));
      waiting.pop();
    }
    const lines = open.flatMap((file) => takeLines(file, startMs));
    open = open.filter(({ rowsOf }) => rowsOf.size > 0);
    yield { startMs, rows: lines.length, text: sortedText(lines, plan) };
  }
}

const NEWLINE = 0x0a;
/** Spark writes columns in their order. */
const BEFORE_START = '{"window_start":"';
const START_LENGTH = "2026-11-23T08:05:00.000Z".length;

async function openFile(path: string): Promise<OpenFile> {
  const bytes = await readFile(path);
  const rowsOf: OpenFile["rowsOf"] = new Map();
  const known = new Map<string, number>();
  for (let from = 0; from < bytes.length; ) {
    const to = lineEnd(bytes, from);
    if (to > from) {
      const at = from + BEFORE_START.length;
      const start = bytes.toString("latin1", at, Math.min(to, at + START_LENGTH));
      let startMs = known.get(start);
      if (startMs === undefined) {
        startMs = startOf(path, bytes.toString("utf8", from, to));
        known.set(start, startMs);
      }
      const rows = rowsOf.get(startMs);
      if (rows === undefined) rowsOf.set(startMs, [from]);
      else rows.push(from);
    }
    from = to + 1;
  }
  return { bytes, rowsOf };
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(NEWLINE, from);
  return end < 0 ? bytes.length : end;
}

function startOf(path: string, line: string): number {
  try {
    const startMs = Date.parse(String((JSON.parse(line) as { window_start: unknown }).window_start));
    if (!Number.isNaN(startMs)) return startMs;
  } catch {
    // told below
  }
  throw new ClickstreamError({
    code: "ROWS_UNREADABLE",
    message: `${path} has a line that is no row: ${line.slice(0, 100)}`,
    nextStep: "Somebody changed the file; restore it.",
  });
}

function takeLines({ bytes, rowsOf }: OpenFile, startMs: number): string[] {
  const rows = rowsOf.get(startMs) ?? [];
  rowsOf.delete(startMs);
  return rows.map((from) => plainEscapes(bytes.toString("utf8", from, lineEnd(bytes, from))));
}

function sortedText(lines: readonly string[], { by }: QueryPlan): string {
  return lines
    .map((line) => {
      const row = JSON.parse(line) as Record<string, unknown>;
      return { line, keys: by.map((field) => Buffer.from(String(row[field]))) };
    })
    .sort((a, b) => compareKeys(a.keys, b.keys))
    .map(({ line }) => `${line}\n`)
    .join("");
}

/** Order of rows within a window. */
export function compareKeys(left: readonly Buffer[], right: readonly Buffer[]): number {
  for (const [index, key] of left.entries()) {
    const order = Buffer.compare(key, right[index] as Buffer);
    if (order !== 0) return order;
  }
  return 0;
}

/** Java writes control characters with capital letters (`\u001F`), the meaning of rows says small ones. */
export function plainEscapes(line: string): string {
  return line.includes("\\u")
    ? line.replaceAll(/\\(?:u[0-9A-F]{4}|.)/g, (sequence) =>
        sequence[1] === "u" ? sequence.toLowerCase() : sequence,
      )
    : line;
}
