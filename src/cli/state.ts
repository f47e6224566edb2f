import { Command } from "commander";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream state inspect`: what the engine knows, from its state on disk. */
export function stateCommand(): Command {
  const command = new Command("state").description("look into the state of the engine of process and run");
  command.addCommand(inspectCommand());
  return addExamples(command, [["state inspect", "positions, watermarks, open panes, undelivered rows"]]);
}

function inspectCommand(): Command {
  const command = new Command("inspect").description(
    "print what the last commit left, and check that all of it is intact; changes nothing, also while an engine runs",
  );
  addSettings(command, "state");
  command.option("--json", "as JSON, times in ms since the epoch");
  addExamples(command, [
    ["state inspect --output output", "positions, watermarks, floors, open panes, outbox, sizes"],
    ["state inspect --output backup && echo good", "exit code 1 when it is missing, damaged or newer"],
    ["state inspect --json | jq .partitions", "for programs"],
  ]);
  return setAction(command, "state", async ({ config }) => {
    const { inspectOutput } = await import("../app/inspection/inspect-output.ts");
    const { inspectionText } = await import("../app/inspection/inspection-text.ts");
    const inspection = await inspectOutput(config.settings.output);
    printLine(command.getOptionValue("json") ? JSON.stringify(inspection) : inspectionText(inspection));
    return DONE;
  });
}
