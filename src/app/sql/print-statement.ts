import { once } from "node:events";
import type { Writable } from "node:stream";
import { ClickstreamError } from "../../core/errors.ts";
import { History } from "../../history/history.ts";
import { anyEngineListing } from "../../history/spark-listing.ts";
import type { Context } from "../context.ts";
import { type RowFormat, rowWriter } from "./row-formats.ts";

const THREADS = 2;

/**
 * Prints the rows of a statement over an output's views; without a statement, the views and their columns.
 * @throws UsageError with the place of a mistake; ClickstreamError NO_RESULTS, SQL_TIMEOUT, SQL_OUT_OF_MEMORY
 */
export async function printStatement(
  { config, clock, stopRequested }: Pick<Context, "config" | "clock" | "stopRequested">,
  statement: string | undefined,
  out: Writable & { isTTY?: boolean },
): Promise<void> {
  const { output, format, timeout, maxMemoryMb } = config.settings;
  const chosen: RowFormat = format ?? (out.isTTY ? "table" : "json");
  const listFiles = anyEngineListing(clock);
  await using history = await History.open({
    output,
    clock,
    listFiles,
    memoryMb: maxMemoryMb,
    threads: THREADS,
  });
  await history.refresh(new Set());
  if (history.views.length === 0) {
    throw new ClickstreamError({
      code: "NO_RESULTS",
      message: `There are no results in ${output}.`,
      nextStep: "Name the folder that process or run writes to with --output, after its first commit.",
    });
  }
  if (statement === undefined) {
    const rows = history.views.flatMap(({ query, columns }) =>
      columns.map(({ name, type }) => [query, name, type]),
    );
    const writer = rowWriter(chosen, ["view", "column", "type"]);
    await write(out, writer.begin() + writer.rows(rows) + writer.end());
    return;
  }
  await history.statement(statement, { timeoutMs: timeout, signal: stopRequested }, async (answer) => {
    const writer = rowWriter(chosen, answer.columns);
    await write(out, writer.begin());
    for await (const rows of answer.chunks) await write(out, writer.rows(rows));
    await write(out, writer.end());
  });
}

async function write(out: Writable, text: string): Promise<void> {
  if (text !== "" && !out.write(text)) await once(out, "drain");
}
