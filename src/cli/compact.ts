import { Command } from "commander";
import { archivePolicy } from "../app/config.ts";
import { formatCount } from "../app/numbers-for-people.ts";
import { INTERRUPTED } from "../app/stop-signals.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream compact`: older results into files of a day, or away. */
export function compactCommand(): Command {
  const command = new Command("compact").description(
    "make one file of each final day of a query, and drop days that are not kept; for outputs without an engine at work",
  );
  addSettings(command, "compact");
  addExamples(command, [
    ["compact", "final days as Parquet files, in output/archive"],
    ["compact --compact json --keep 30d", "as JSON files, thirty days of them"],
    ["compact --compact none --keep 365d", "only drop what is older than a year"],
  ]);
  return setAction(command, "compact", async ({ config, stopRequested }) => {
    const { archiveOutput } = await import("../app/archiving/archive-output.ts");
    const { settings } = config;
    const done = await archiveOutput(settings.output, archivePolicy(settings), stopRequested);
    const { archivedDays, archivedWindows, archivedRows, archivedBytes, droppedDays } = done;
    printLine(
      `archived ${formatCount(archivedDays)} days of queries: ${formatCount(archivedRows)} rows of ${formatCount(archivedWindows)} windows in ${formatCount(archivedBytes)} bytes`,
    );
    printLine(`dropped ${formatCount(droppedDays)} days of queries`);
    return stopRequested.aborted ? INTERRUPTED : DONE;
  });
}
