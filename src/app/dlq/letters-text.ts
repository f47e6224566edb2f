import { formatCount } from "../numbers-for-people.ts";
import type { LetterCount, LetterCounts } from "./list-letters.ts";
import type { ReplayResult } from "./replay-letters.ts";
import type { ReplayPlan } from "./replay-plan.ts";
import type { ShownLetter } from "./show-letters.ts";

const LISTED_HOURS = 24;

/** The counts of `dlq list` for people. */
export function countsText(counts: LetterCounts): string {
  const { byReason, byHour, byPartition, notSelected, repeated, foreign } = counts;
  const hours = byHour.slice(-LISTED_HOURS);
  const earlier = byHour.length - hours.length;
  const aside = [
    [notSelected, "not selected"],
    [repeated, "repeated after a crash of the engine, counted once"],
    [foreign, "records that are no dead letters"],
  ] as const;
  return [
    row("dead letters", counts),
    ...section(
      "by reason",
      byReason.map((count) => row(count.reason, count)),
    ),
    ...section(
      "by hour (UTC)",
      hours.map((count) => row(count.hour ?? "no time", count)),
    ),
    ...(earlier === 0 ? [] : [`  and ${earlier} earlier hours`]),
    ...section(
      "by partition",
      byPartition.map((count) => row(String(count.partition), count)),
    ),
    ...aside.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`),
  ].join("\n");
}

/** A letter of `dlq show` for people: nothing in it can move a terminal's cursor. */
export function letterText(letter: ShownLetter): string {
  const { reason, topic, partition, offset, attempt, time, replayed, replay_of, truncated } = letter;
  const facts = [
    `${reason}  ${topic}/${partition}/${offset}`,
    time ?? "no time",
    attempt === 1 ? "" : `attempt ${attempt}, of ${replay_of ?? "unknown"}`,
    replayed ? "replayed" : "",
  ];
  const value = truncated === undefined ? fieldText(letter, "value") : `left out, ${truncated} bytes`;
  return [
    facts.filter((fact) => fact !== "").join("  "),
    `  key    ${fieldText(letter, "key")}`,
    `  value  ${value}`,
  ]
    .map(harmless)
    .join("\n");
}

/** What a replay will do or did, for people. */
export function replayText(result: ReplayResult, dryRun: boolean): string {
  const { selected, replayed, exhausted, truncated, unfixable, named, toSend, sent, refused } = result;
  const kept = [
    [replayed, "were replayed before"],
    [exhausted, "have no attempts left (--max-attempts)"],
    [truncated, "can't be replayed, their originals were not kept"],
    [unfixable, "can't be edited by --fix"],
    [refused.length, "are refused by Kafka"],
  ] as const;
  return [
    `${formatCount(selected)} dead letters selected`,
    ...kept.filter(([count]) => count > 0).map(([count, what]) => `  ${formatCount(count)} ${what}`),
    ...[...named, ...refused].map((name) => `    ${harmless(name)}`),
    ...uncountedLines(result).map((line) => `  ${line}`),
    dryRun ? `${formatCount(toSend)} would be sent, nothing was` : `${formatCount(sent)} sent`,
  ].join("\n");
}

/** What of a plan would not be counted, a line each. */
export function uncountedLines({ toSend, late, dead, dedupe }: ReplayPlan): string[] {
  if (toSend === 0) return [];
  if (late === undefined || dead === undefined) {
    return ["unknown how many would be late: --output has no manifest of this topic"];
  }
  const reasons = Object.entries(dead).sort(([, a], [, b]) => b - a);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  const named = reasons.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(", ");
  return [
    ...(late === 0 ? [] : [`${formatCount(late)} would be late and counted in no window`]),
    ...(total === 0 ? [] : [`${formatCount(total)} would be dead letters again: ${named}`]),
    ...(dedupe && toSend > late + total
      ? ["of the others, those with the event_id of a counted event would be duplicates (--dedupe)"]
      : []),
  ];
}

function section(title: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : [title, ...rows.map((text) => `  ${text}`)];
}

function row(name: string, { letters, replayed }: LetterCount): string {
  const tail = replayed === 0 ? "" : `  ${formatCount(replayed)} of them replayed`;
  return `${harmless(name).padEnd(28)}${formatCount(letters).padStart(10)}${tail}`;
}

function fieldText(letter: ShownLetter, name: "key" | "value"): string {
  const text = letter[name];
  if (text === null) return "none";
  return letter.base64?.includes(name) ? `base64 ${text}` : text;
}

/** Control characters as escapes: what strangers wrote must not command the terminal. */
function harmless(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}
