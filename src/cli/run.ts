import { Command } from "commander";
import { run } from "../app/run.ts";
import { plainStyle } from "../app/terminal.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream run`: the main job, on a Kafka of its own unless `--brokers` names another. */
export function runCommand(): Command {
  const command = new Command("run").description(
    "start Kafka, generate events, process them, go on live until Ctrl-C",
  );
  addSettings(command, "run");
  addExamples(command, [
    ["run", "ten million events, then live ones"],
    ["run --events 100000 --exit", "a first look that ends by itself"],
    ["run --brokers kafka-1:9092,kafka-2:9092 --topic clicks", "on a Kafka that runs already"],
    ["run --window 10m --slide 2m --fresh", "other windows, from the beginning"],
  ]);
  return setAction(command, "run", async (context) => {
    const { parts } = await import("../app/connected-parts.ts");
    const style = process.stdout.isTTY ? context.terminal.style : plainStyle;
    const summary = await run(context, parts, style);
    if (summary !== undefined) printLine(summary);
    return DONE;
  });
}
