import { readFileSync } from "node:fs";
import { Command } from "commander";
import { alertsCommand } from "./alerts.ts";
import { compactCommand } from "./compact.ts";
import { dlqCommand } from "./dlq.ts";
import { doctorCommand } from "./doctor.ts";
import { addExamples } from "./examples.ts";
import { explainCommand } from "./explain.ts";
import { generateCommand } from "./generate.ts";
import { kafkaCommand } from "./kafka.ts";
import { processCommand } from "./process.ts";
import { runCommand } from "./run.ts";
import { serveCommand } from "./serve.ts";
import { sparkCommand } from "./spark.ts";
import { sqlCommand } from "./sql.ts";
import { stateCommand } from "./state.ts";
import { verifyCommand } from "./verify.ts";

const { description, version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { description: string; version: string };

/** The whole command line. Wrong use is thrown as a `CommanderError`, never exits. */
export function createProgram(): Command {
  const program = new Command("clickstream")
    .description(description)
    .version(version, "-V, --version", "print the version")
    .helpCommand(false);
  for (const command of [
    runCommand(),
    generateCommand(),
    processCommand(),
    serveCommand(),
    verifyCommand(),
    explainCommand(),
    dlqCommand(),
    alertsCommand(),
    sqlCommand(),
    compactCommand(),
    stateCommand(),
    kafkaCommand(),
    sparkCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command);
  }
  addExamples(program, [
    ["run", "the whole thing on this machine; Ctrl-C ends it, the next run goes on"],
    ["run --help", "all that can be set"],
  ]);
  configureAll(program);
  return program;
}

function configureAll(command: Command): void {
  command
    .exitOverride()
    .showHelpAfterError(`Run "npx ${pathOf(command)} --help" to see what it takes.`)
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .configureHelp({ helpWidth: Math.min(110, process.stdout.columns ?? 100) });
  for (const child of command.commands) configureAll(child);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
