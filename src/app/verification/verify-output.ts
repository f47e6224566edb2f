import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { WindowText } from "../../history/window-texts.ts";
import { Oracle } from "../../oracle/oracle.ts";
import { OracleQuality } from "../../oracle/quality.ts";
import { DATA_QUALITY, rowPlans } from "../../queries/data-quality.ts";
import type { QueryPlan, WindowLengths } from "../../queries/plan.ts";
import type { Accounting, Manifest } from "../../sinks/manifest.ts";
import { ArchivedRows } from "./archived-rows.ts";
import { firstOffsetRead } from "./check-log.ts";
import { compareRows, type RowDifference } from "./compare-rows.ts";
import { type ReadPartition, recompute } from "./recompute.ts";

/** A difference in one row: where, and what. */
export interface OutputDifference extends RowDifference {
  query: string;
  /** Start of the window, ISO 8601. */
  window: string;
}

/** A number of the manifest's accounting that differs from the topic's. */
export interface AccountingDifference {
  partition: number;
  /** `read`, `counted`, `duplicates`, `late`, or `dead:` and the reason. */
  what: string;
  expected: number;
  found: number;
}

/** What a comparison of the output with the topic found. It agrees when both numbers of differences are 0. */
export interface Verification {
  /** Windows with at least one row. */
  windows: number;
  /** Rows that the output must hold. */
  rows: number;
  /** Those of them that it holds, byte for byte. */
  agreeing: number;
  /** Rows that are missing, different or too many. */
  differing: number;
  /** The first few of them. */
  differences: OutputDifference[];
  /** Windows that were not compared, a query at a time: their days are no longer kept. */
  droppedWindows: number;
  /** Of those queries that do not keep all: the first day that they keep. */
  keptFrom: Readonly<Record<string, string>>;
  accountingDifferences: AccountingDifference[];
}

/** Differences that are told one by one. */
export const SHOWN_DIFFERENCES = 10;

/** An output, and what its manifest does not say. */
export interface VerifiedOutput {
  output: string;
  manifest: Manifest;
  /** That the rows about the data were made with. */
  qualityFactor: number;
}

/**
 * Computes every closed window again from the topic, and compares the rows of the output, those about the data included, and
 * its accounting.
 */
export async function verifyOutput(
  { output, manifest, qualityFactor }: VerifiedOutput,
  readPartition: ReadPartition,
  onProgress: (recordsRead: number) => void = () => {},
): Promise<Verification> {
  await using archived = await ArchivedRows.open(output);
  const comparison = new OutputComparison(output, manifest, archived);
  const oracle = new Oracle(manifest);
  const ranges = manifest.partitions.map((partition) => ({
    partition: partition.partition,
    from: firstOffsetRead(partition),
    to: partition.position,
  }));
  const hasQuality = manifest.queries.some(({ arrivals }) => arrivals);
  const quality = hasQuality ? new OracleQuality(manifest, qualityFactor) : undefined;
  await recompute(oracle, ranges, readPartition, onProgress, async (window) => {
    quality?.add(window);
    await comparison.expect(window.query, window.windowStartMs, window.rows);
  });
  for (const { windowStartMs, rows } of quality?.windows() ?? [])
    await comparison.expect(DATA_QUALITY, windowStartMs, rows);
  await comparison.findUnexpected();
  return comparison.result(compareAccounting(manifest, oracle.accounting()));
}

class OutputComparison {
  readonly #output: string;
  readonly #manifest: Manifest;
  readonly #queries: ReadonlyMap<string, QueryPlan>;
  readonly #archived: ArchivedRows;
  readonly #expectedFiles = new Set<string>();
  /** Start, length and slide of those seen: queries of the same windows share them. */
  readonly #windows = new Set<string>();
  readonly #counts = { rows: 0, agreeing: 0, differing: 0 };
  readonly #differences: OutputDifference[] = [];
  #droppedWindows = 0;

  constructor(output: string, manifest: Manifest, archived: ArchivedRows) {
    this.#output = output;
    this.#archived = archived;
    this.#manifest = manifest;
    this.#queries = new Map(rowPlans(manifest.queries, manifest.windows).map((plan) => [plan.name, plan]));
  }

  async expect(queryName: string, windowStartMs: number, rows: string): Promise<void> {
    const { sizeMs, slideMs } = this.#windowsOf(queryName);
    this.#windows.add(`${windowStartMs}/${sizeMs}/${slideMs}`);
    const found = await this.#rowsOf(queryName, windowStartMs);
    if (found === "dropped") this.#droppedWindows++;
    else this.#compare(queryName, new Date(windowStartMs).toISOString(), rows, found.rows);
  }

  /** Files of windows that have no rows. Those of windows that end after the manifest's last are not its business. */
  async findUnexpected(): Promise<void> {
    const { closedThroughMs } = this.#manifest;
    for (const name of this.#queries.keys()) {
      for await (const path of glob(`${name}/date=*/*.json`, { cwd: this.#output })) {
        if (this.#expectedFiles.has(path)) continue;
        const startMs = startOf(path);
        // What lies in the folder of a day that the archive has, or that is dropped, is a leftover.
        if (!Number.isNaN(startMs) && this.#archived.placeOf(name, startMs) !== "files") continue;
        const isOpen = startMs + this.#windowsOf(name).sizeMs > (closedThroughMs ?? Number.NEGATIVE_INFINITY);
        if (isOpen && path === pathOf(name, startMs)) continue;
        const window = Number.isNaN(startMs) ? path : new Date(startMs).toISOString();
        this.#compare(name, window, "", (await this.#textOf(path)) ?? "");
      }
    }
    for (const plan of this.#queries.values()) {
      for await (const window of this.#archived.rest(plan)) this.#compareUnexpected(plan.name, window);
    }
  }

  result(accountingDifferences: AccountingDifference[]): Verification {
    const differences = this.#differences;
    const keptFrom = [...this.#queries.keys()].flatMap((name) => {
      const day = this.#archived.keptFrom(name);
      return day === null ? [] : [[name, day] as const];
    });
    return {
      windows: this.#windows.size,
      ...this.#counts,
      differences,
      droppedWindows: this.#droppedWindows,
      keptFrom: Object.fromEntries(keptFrom),
      accountingDifferences,
    };
  }

  /** The rows that the output has for a window, from the archive or its file. */
  async #rowsOf(queryName: string, windowStartMs: number): Promise<"dropped" | { rows: string | undefined }> {
    for (const isLast of [false, true]) {
      const place = this.#archived.placeOf(queryName, windowStartMs);
      if (place === "dropped") return place;
      if (place === "archive") {
        const plan = this.#queries.get(queryName) as QueryPlan;
        const { rows, passed } = await this.#archived.take(plan, windowStartMs);
        for (const window of passed) this.#compareUnexpected(queryName, window);
        return { rows };
      }
      const path = pathOf(queryName, windowStartMs);
      this.#expectedFiles.add(path);
      const rows = await this.#textOf(path);
      if (rows !== undefined || isLast) return { rows };
      await this.#archived.reload(); // its day may have moved into the archive since
    }
    return { rows: undefined };
  }

  #compareUnexpected(queryName: string, { startMs, text }: WindowText): void {
    const isOpen =
      startMs + this.#windowsOf(queryName).sizeMs >
      (this.#manifest.closedThroughMs ?? Number.NEGATIVE_INFINITY);
    if (!isOpen) this.#compare(queryName, new Date(startMs).toISOString(), "", text);
  }

  #windowsOf(queryName: string): WindowLengths {
    return this.#queries.get(queryName)?.windows ?? this.#manifest.windows;
  }

  #compare(queryName: string, window: string, expected: string, found: string | undefined): void {
    const query = this.#queries.get(queryName) as QueryPlan;
    const { rows, agreeing, differences } = compareRows(query, expected, found);
    this.#counts.rows += rows;
    this.#counts.agreeing += agreeing;
    this.#counts.differing += differences.length;
    const shown = differences.slice(0, SHOWN_DIFFERENCES - this.#differences.length);
    this.#differences.push(...shown.map((difference) => ({ query: queryName, window, ...difference })));
  }

  async #textOf(path: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#output, path), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

/** Written apart from the sink's: a wrong name there is a missing file here. */
function pathOf(query: string, windowStartMs: number): string {
  const [day = "", time = ""] = new Date(windowStartMs).toISOString().split("T");
  return `${query}/date=${day}/${day.replaceAll("-", "")}T${time.slice(0, 8).replaceAll(":", "")}Z.json`;
}

/** The inverse of `pathOf`; NaN for other files. */
function startOf(path: string): number {
  const [, year, month, day, hour, minute, second] =
    /\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.json$/.exec(path) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function compareAccounting(manifest: Manifest, expected: Map<number, Accounting>): AccountingDifference[] {
  return manifest.partitions.flatMap((found) => {
    const wanted = numbersOf(expected.get(found.partition));
    const held = numbersOf(found);
    return [...new Set([...Object.keys(wanted), ...Object.keys(held)])]
      .map((what) => ({
        partition: found.partition,
        what,
        expected: wanted[what] ?? 0,
        found: held[what] ?? 0,
      }))
      .filter((difference) => difference.expected !== difference.found);
  });
}

function numbersOf(accounting: Accounting | undefined): Record<string, number> {
  if (accounting === undefined) return {};
  const { read, counted, duplicates = 0, late, dead } = accounting;
  const byReason = Object.entries(dead).map(([reason, count]): [string, number] => [`dead:${reason}`, count]);
  return { read, counted, duplicates, late, ...Object.fromEntries(byReason) };
}
