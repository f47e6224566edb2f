import { Command } from "commander";
import { processTopic } from "../app/process.ts";
import { INTERRUPTED } from "../app/stop-signals.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream process`: the engine alone. */
export function processCommand(): Command {
  const command = new Command("process").description(
    "process the events of a topic into windows; ends with one line of JSON on stdout",
  );
  addSettings(command, "process");
  addExamples(command, [
    ["process --brokers 127.0.0.1:9092 --topic clickstream --output output", "until Ctrl-C"],
    ["process --until-end --finish", "all that is there now, every window closed"],
    ["process --until-end --workers 4 | jq .eventsPerSecond", "how fast it is"],
  ]);
  return setAction(command, "process", async (context) => {
    const { parts } = await import("../app/connected-parts.ts");
    const ended = await processTopic(context, parts);
    if (ended === undefined) return INTERRUPTED;
    printLine(JSON.stringify(ended.result));
    return ended.complete ? DONE : INTERRUPTED;
  });
}
