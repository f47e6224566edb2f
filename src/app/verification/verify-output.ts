import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Oracle } from "../../oracle/oracle.ts";
import type { QueryPlan, WindowLengths } from "../../queries/plan.ts";
import type { Accounting, Manifest } from "../../sinks/manifest.ts";
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
  /** `read`, `counted`, `late`, or `dead:` and the reason. */
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
  accountingDifferences: AccountingDifference[];
}

/** Differences that are told one by one. */
export const SHOWN_DIFFERENCES = 10;

/** Computes every closed window again from the topic, and compares the rows of the output and its accounting. */
export async function verifyOutput(
  output: string,
  manifest: Manifest,
  readPartition: ReadPartition,
  onProgress: (recordsRead: number) => void = () => {},
): Promise<Verification> {
  const comparison = new OutputComparison(output, manifest);
  const oracle = new Oracle(manifest);
  const ranges = manifest.partitions.map((partition) => ({
    partition: partition.partition,
    from: firstOffsetRead(partition),
    to: partition.position,
  }));
  await recompute(oracle, ranges, readPartition, onProgress, ({ query, windowStartMs, rows }) =>
    comparison.expect(query, windowStartMs, rows),
  );
  await comparison.findUnexpected();
  return comparison.result(compareAccounting(manifest, oracle.accounting()));
}

class OutputComparison {
  readonly #output: string;
  readonly #manifest: Manifest;
  readonly #queries: ReadonlyMap<string, QueryPlan>;
  readonly #expectedFiles = new Set<string>();
  /** Start, length and slide of those seen: queries of the same windows share them. */
  readonly #windows = new Set<string>();
  readonly #counts = { rows: 0, agreeing: 0, differing: 0 };
  readonly #differences: OutputDifference[] = [];

  constructor(output: string, manifest: Manifest) {
    this.#output = output;
    this.#manifest = manifest;
    this.#queries = new Map(manifest.queries.map((query) => [query.name, query]));
  }

  async expect(queryName: string, windowStartMs: number, rows: string): Promise<void> {
    const path = pathOf(queryName, windowStartMs);
    this.#expectedFiles.add(path);
    const { sizeMs, slideMs } = this.#windowsOf(queryName);
    this.#windows.add(`${windowStartMs}/${sizeMs}/${slideMs}`);
    this.#compare(queryName, new Date(windowStartMs).toISOString(), rows, await this.#textOf(path));
  }

  /** Files of windows that have no rows. Those of windows that end after the manifest's last are not its business. */
  async findUnexpected(): Promise<void> {
    const { closedThroughMs } = this.#manifest;
    for (const name of this.#queries.keys()) {
      for await (const path of glob(`${name}/date=*/*.json`, { cwd: this.#output })) {
        if (this.#expectedFiles.has(path)) continue;
        const startMs = startOf(path);
        const isOpen = startMs + this.#windowsOf(name).sizeMs > (closedThroughMs ?? Number.NEGATIVE_INFINITY);
        if (isOpen && path === pathOf(name, startMs)) continue;
        const window = Number.isNaN(startMs) ? path : new Date(startMs).toISOString();
        this.#compare(name, window, "", (await this.#textOf(path)) ?? "");
      }
    }
  }

  result(accountingDifferences: AccountingDifference[]): Verification {
    const differences = this.#differences;
    return { windows: this.#windows.size, ...this.#counts, differences, accountingDifferences };
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
  const { read, counted, late, dead } = accounting;
  const byReason = Object.entries(dead).map(([reason, count]): [string, number] => [`dead:${reason}`, count]);
  return { read, counted, late, ...Object.fromEntries(byReason) };
}
