import type { Command } from "commander";

/** Adds examples to a command's help: what to type, and what for. */
export function addExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const lines = examples.map(([typed, purpose]) => `  # ${purpose}\n  $ npx clickstream ${typed}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n\n")}`);
}
