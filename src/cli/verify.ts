import { Command } from "commander";
import { formatCount } from "../app/numbers-for-people.ts";
import type { TableVerification } from "../app/verification/verify-postgres.ts";
import type { VerificationOfAll } from "../app/verify.ts";
import { DONE, FAILED, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream verify`: the output against the topic. */
export function verifyCommand(): Command {
  const command = new Command("verify").description(
    "compute every closed window again from the topic, with slow and independent code, and compare",
  );
  addSettings(command, "verify");
  addExamples(command, [["verify --topic clickstream --output output", "exit code 1 when a row differs"]]);
  return setAction(command, "verify", async (context) => {
    const { parts } = await import("../app/connected-parts.ts");
    const found = await parts.verify(context, context.config.settings.brokers ?? []);
    printLine(verificationText(found));
    const agrees = found.differing === 0 && found.accountingDifferences.length === 0;
    return agrees && (found.postgres?.differing ?? 0) === 0 ? DONE : FAILED;
  });
}

function verificationText(found: VerificationOfAll): string {
  const { agreeing, rows, windows, differing, differences, accountingDifferences } = found;
  const { droppedWindows, keptFrom } = found;
  return [
    `${formatCount(agreeing)} of ${formatCount(rows)} rows in ${formatCount(windows)} windows agree, ${formatCount(differing)} differ`,
    ...differences.map((difference) => `  ${JSON.stringify(difference)}`),
    ...Object.entries(keptFrom).map(([query, day]) => `${query} is kept from ${day} on`),
    ...(droppedWindows === 0
      ? []
      : [`${formatCount(droppedWindows)} windows of queries are no longer kept and were not compared`]),
    ...(found.dropped === undefined ? [accountingText(found)] : droppedText(found.dropped)),
    ...accountingDifferences.map((difference) => `  ${JSON.stringify(difference)}`),
    ...(found.postgres === undefined ? [] : tablesText(found.postgres)),
  ].join("\n");
}

function accountingText({ accountingDifferences }: VerificationOfAll): string {
  return accountingDifferences.length === 0 ? "the accounting agrees" : "the accounting differs";
}

/** Spark's counts of dropped rows have nothing to be compared with; this is what its rows show. */
function droppedText(dropped: ReadonlyMap<string, number>): string[] {
  return [...dropped].flatMap(([query, events]) =>
    events === 0 ? [] : [`${query} is without ${formatCount(events)} late events, as it must be`],
  );
}

function tablesText({ agreeing, rows, differing, differences }: TableVerification): string[] {
  return [
    `PostgreSQL: ${formatCount(agreeing)} of ${formatCount(rows)} rows agree with the files, ${formatCount(differing)} differ`,
    ...differences.map((difference) => `  ${JSON.stringify(difference)}`),
  ];
}
