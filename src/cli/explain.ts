import { Command } from "commander";
import { kafkaOptions } from "../app/config.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream explain`: where an output stands, and what it waits for. */
export function explainCommand(): Command {
  const command = new Command("explain").description(
    "tell where an output stands, partition by partition, and what holds its next window open",
  );
  addSettings(command, "explain");
  command.option("--json", "as JSON, times in ms since the epoch");
  addExamples(command, [
    ["explain --output output", "with or without an engine at work"],
    ["explain --json | jq .next", "for programs"],
  ]);
  return setAction(command, "explain", async ({ config, log }) => {
    const { explain } = await import("../app/explain.ts");
    const { explanationText } = await import("../app/explanation/explanation-text.ts");
    const { brokers = [], output } = config.settings;
    const explanation = await explain({
      kafka: kafkaOptions(config, brokers, "clickstream-explain"),
      output,
      onUnanswered: (reason) => log.warn(reason),
    });
    printLine(command.getOptionValue("json") ? JSON.stringify(explanation) : explanationText(explanation));
    return DONE;
  });
}
