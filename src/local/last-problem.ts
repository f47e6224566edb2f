import { readFileSync } from "node:fs";

/** The last line of a log that tells of an error, without its time; undefined when none does. */
export function lastProblem(log: string): string | undefined {
  try {
    const lines = readFileSync(log, "utf8").split("\n");
    return lines
      .findLast((line) => /\b(ERROR|FATAL|Error|Exception)\b/.test(line))
      ?.replace(/^\S+ (?=ERROR|FATAL)/, "");
  } catch {
    return undefined;
  }
}
