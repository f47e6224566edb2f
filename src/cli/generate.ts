import { Command } from "commander";
import { generateEvents } from "../app/generate-events.ts";
import { INTERRUPTED } from "../app/stop-signals.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream generate`: the generator alone. */
export function generateCommand(): Command {
  const command = new Command("generate").description(
    "write click events of made-up visitors to a topic; goes on where it stopped; ends with one line of JSON on stdout",
  );
  addSettings(command, "generate");
  addExamples(command, [
    ["generate --events 1000000", "a million events as fast as Kafka takes them"],
    ["generate --topic clicks --rate 500 --seed 7", "other visitors, 500 events a second"],
    ["generate --late 0.01 --broken 0.001 --out-of-order 2m", "a hostile stream"],
  ]);
  return setAction(command, "generate", async (context) => {
    const { parts } = await import("../app/connected-parts.ts");
    const ended = await generateEvents(context, parts);
    if (ended === undefined) return INTERRUPTED;
    printLine(JSON.stringify(ended.result));
    return ended.complete ? DONE : INTERRUPTED;
  });
}
