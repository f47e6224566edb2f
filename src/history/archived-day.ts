import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import type { QueryPlan } from "../queries/plan.ts";
import type { ArchivedDay } from "../sinks/archive-index.ts";
import { archivedFile, type Day } from "../sinks/archive-path.ts";
import { shapeOf } from "./columns.ts";
import { type Database, type DatabaseLimits, openDatabase } from "./database.ts";
import { type WindowText, windowsInJson, windowsInParquet } from "./window-texts.ts";

/** Reads archived days, one window after the other; DuckDB is loaded for the first Parquet file. */
export class ArchivedDays implements Disposable {
  readonly #output: string;
  readonly #limits: DatabaseLimits;
  #database: Database | undefined;

  constructor(output: string, limits: DatabaseLimits) {
    this.#output = output;
    this.#limits = limits;
  }

  /** The windows of a day, by their start. @throws ClickstreamError ARCHIVE_DAMAGED */
  async *windows(plan: QueryPlan, day: Day, { format }: ArchivedDay): AsyncGenerator<WindowText> {
    const path = join(this.#output, archivedFile(plan.name, day, format));
    try {
      if (format === "json") return yield* windowsInJson(path);
      this.#database ??= await openDatabase(this.#limits);
      return yield* windowsInParquet(this.#database.connection, path, shapeOf(plan));
    } catch (cause) {
      throw new ClickstreamError({
        code: "ARCHIVE_DAMAGED",
        message: `${path} can't be read: ${(cause as Error).message.split("\n", 1)[0]}.`,
        nextStep:
          "Restore the file from a copy, or compute its rows again from the topic into another --output.",
        cause,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#database?.[Symbol.dispose]();
  }
}
