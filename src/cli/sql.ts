import { Command } from "commander";
import { DONE, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream sql`: questions to the results. */
export function sqlCommand(): Command {
  const command = new Command("sql")
    .description("answer a query over the results, one view for each of the pipeline's queries")
    .argument("[statement]", "one query of DuckDB's SQL; without it, the views and their columns are listed");
  addSettings(command, "sql");
  addExamples(command, [
    ["sql", "what there is"],
    [
      "sql \"select url, sum(events) as events from url_counts where window_start >= '2026-11-23' group by url order by events desc limit 10\"",
      "top pages since a day",
    ],
    [
      'sql "select * from window_totals order by events desc limit 1" | jq .users',
      "for programs: JSON lines",
    ],
    ["sql --format csv \"from user_activity where user_id = 'u-17'\" > u-17.csv", "for spreadsheets"],
  ]);
  return setAction(command, "sql", async (context) => {
    const { printStatement } = await import("../app/sql/print-statement.ts");
    await printStatement(context, command.args[0], process.stdout);
    return DONE;
  });
}
