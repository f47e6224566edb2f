import { Command } from "commander";
import { diagnose } from "../app/doctor.ts";
import { DONE, FAILED, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream doctor`: everything that `run` needs of the machine. */
export function doctorCommand(): Command {
  const command = new Command("doctor").description("check that this machine has what run needs");
  addSettings(command, "doctor");
  addExamples(command, [["doctor", "exit code 1 when something is missing"]]);
  return setAction(command, "doctor", async ({ config, environment }) => {
    const { dir, port, output, events } = config.settings;
    const orAnyPort = port === undefined;
    const checks = await diagnose({ environment, kafka: { dir, port, orAnyPort }, output, events });
    const width = Math.max(...checks.map((check) => check.name.length));
    for (const { ok, name, detail, nextStep } of checks) {
      printLine(`${ok ? "✓" : "✗"} ${name.padEnd(width)}  ${detail}`);
      if (nextStep !== null) printLine(`${" ".repeat(width + 4)}${nextStep}`);
    }
    return checks.every((check) => check.ok) ? DONE : FAILED;
  });
}
