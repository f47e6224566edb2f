import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { SECURITY_NAMES } from "../app/config/security-settings.ts";
import type { SettingName } from "../app/config/settings.ts";
import type { Context } from "../app/context.ts";
import { countsText, letterText, replayText, uncountedLines } from "../app/dlq/letters-text.ts";
import type { ReplayPlan } from "../app/dlq/replay-plan.ts";
import { INTERRUPTED } from "../app/stop-signals.ts";
import { ClickstreamError } from "../core/errors.ts";
import { DONE, FAILED, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

const SELECTING: readonly SettingName[] = [
  ...(["brokers", "topic", "deadLetterTopic"] as const),
  ...SECURITY_NAMES,
  ...(["reason", "since", "json", "logLevel", "logFile"] as const),
];
const REPLAYING: readonly SettingName[] = ["output", "limit", "fix", "maxAttempts", "dryRun", "yes"];

/** `clickstream dlq list|show|replay`: what became of dead letters, and what can still become of them. */
export function dlqCommand(): Command {
  const command = new Command("dlq").description("count, look at and replay dead letters");
  command.addCommand(listCommand()).addCommand(showCommand()).addCommand(replayCommand());
  return addExamples(command, [
    ["dlq list", "how many, why, when, from which partitions"],
    ["dlq show --reason not_json --limit 5", "the latest five that are no JSON"],
    ["dlq replay --reason unknown_device_type --fix device_type=mobile --dry-run", "what a replay would do"],
  ]);
}

function listCommand(): Command {
  const command = new Command("list").description("count dead letters by reason, hour and partition");
  addSettings(command, "dlq", SELECTING);
  addExamples(command, [
    ["dlq list --since 2h", "of events that came in the last two hours"],
    ["dlq list --json | jq .byReason", "for programs"],
  ]);
  return setAction(command, "dlq", async (context) => {
    const { listDeadLetters } = await import("../app/dlq/dead-letters.ts");
    const counts = await listDeadLetters(context);
    printLine(context.config.settings.json ? JSON.stringify(counts) : countsText(counts));
    return DONE;
  });
}

function showCommand(): Command {
  const command = new Command("show").description("print the latest dead letters: original, reason, origin");
  addSettings(command, "dlq", [...SELECTING, "limit"]);
  addExamples(command, [
    ["dlq show --reason missing_field,wrong_type", "with fields that are absent or of the wrong type"],
    ["dlq show --limit 1000 --json | jq -r .value", "the originals of the last thousand"],
  ]);
  return setAction(command, "dlq", async (context) => {
    const { showDeadLetters } = await import("../app/dlq/dead-letters.ts");
    const { json } = context.config.settings;
    for (const letter of await showDeadLetters(context)) {
      printLine(json ? JSON.stringify(letter) : letterText(letter));
    }
    return DONE;
  });
}

function replayCommand(): Command {
  const command = new Command("replay").description(
    "send the events of dead letters to their topic again, each letter at most once",
  );
  addSettings(command, "dlq", [...SELECTING, ...REPLAYING]);
  addExamples(command, [
    ["dlq replay --reason from_the_future --yes", "events whose time has come"],
    ["dlq replay --reason unknown_device_type --fix device_type=mobile", "with a field corrected"],
    ["dlq replay --reason wrong_type:timestamp --fix timestamp:=1790000000000 --dry-run", "JSON as a value"],
  ]);
  return setAction(command, "dlq", async (context) => {
    const { replayDeadLetters } = await import("../app/dlq/dead-letters.ts");
    const { json, dryRun } = context.config.settings;
    const result = await replayDeadLetters(context, (plan) => confirm(context, plan));
    if (result === undefined) {
      context.log.info("nothing was sent");
      return FAILED;
    }
    printLine(json ? JSON.stringify(result) : replayText(result, dryRun));
    if (!result.complete) return INTERRUPTED;
    return result.refused.length === 0 ? DONE : FAILED;
  });
}

/** @throws ClickstreamError REPLAY_UNCONFIRMED where nobody can answer */
async function confirm({ config, terminal, stopRequested }: Context, plan: ReplayPlan): Promise<boolean> {
  if (config.settings.yes) return true;
  const warnings = uncountedLines(plan);
  if (!terminal.interactive || !process.stdin.isTTY) {
    throw new ClickstreamError({
      code: "REPLAY_UNCONFIRMED",
      message: `Nothing was sent. Of ${plan.toSend} events: ${warnings.join("; ")}.`,
      nextStep: "Look closer with --dry-run, choose with --reason and --since, or add --yes to send them.",
    });
  }
  terminal.write(`Of ${plan.toSend} events:\n${warnings.map((line) => `  ${line}\n`).join("")}`);
  // Not as a terminal: Ctrl-C stays the signal that everything else hears.
  const prompt = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const noAnswer = once(prompt, "close").then(() => "");
  try {
    const question = prompt.question("Send them? [y/N] ", { signal: stopRequested });
    return /^y(es)?$/i.test((await Promise.race([question, noAnswer])).trim());
  } finally {
    prompt.close();
  }
}
