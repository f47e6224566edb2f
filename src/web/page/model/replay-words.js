/** @import { Pipeline, Replay, ReplayPlan } from "../../api.ts" */
import { counted, formatCount } from "../format/numbers.js";
import { shownText } from "../format/text.js";

/** Under which the API sums up reasons that it does not tell one by one. */
const OTHERS = "other";
/** What Spark's letters are told as: their reasons are not counted. */
const ALL = "all reasons";

/**
 * Why the letters of a reason can't be replayed from this page; null when they can.
 * @param {Pick<Pipeline, "replay">} pipeline
 * @param {string} reason
 */
export function whyNoReplay({ replay }, reason) {
  if (replay === "serve")
    return "This process only shows results and knows no brokers: replay from the page of run or process, or with the command.";
  if (reason === OTHERS)
    return "These are letters of many reasons: replay them with the command, reason by reason.";
  return null;
}

/** The reason as the API takes it: null for all. @param {string} reason */
export function askedReason(reason) {
  return reason === ALL ? null : reason;
}

/** What a replay would do, a sentence each. @param {ReplayPlan} plan */
export function planWords(plan) {
  const sentences = [
    `${counted(plan.selected, "dead letter")} of this reason, ${formatCount(plan.toSend)} would be sent to the topic again.`,
    ...keptWords(plan),
  ];
  if (plan.toSend === 0) return sentences;
  if (plan.late === null || plan.dead === null)
    return [...sentences, "Nothing tells yet how many of them would be late."];
  const again = Object.entries(plan.dead).toSorted(([, a], [, b]) => b - a);
  const dead = again.reduce((sum, [, events]) => sum + events, 0);
  const good = plan.toSend - plan.late - dead;
  if (good > 0) {
    const unless = plan.dedupe ? ", but for those that repeat a counted event" : "";
    sentences.push(`${formatCount(good)} would be counted${unless}.`);
  }
  if (plan.late > 0) sentences.push(`${formatCount(plan.late)} would be late and counted in no window.`);
  if (dead > 0) {
    const named = again.slice(0, 3).map(([reason, events]) => `${shownText(reason)} ${formatCount(events)}`);
    sentences.push(
      `${formatCount(dead)} would be dead letters again (${named.join(", ")}): the command with --fix corrects a field.`,
    );
  }
  return sentences;
}

/** What a replay did. @param {Replay} replay */
export function doneWords({ sent, refused, complete }) {
  return [
    `${counted(sent, "event")} sent again.`,
    ...(refused === 0 ? [] : [`Kafka refuses ${formatCount(refused)} of them.`]),
    ...(complete ? [] : ["The server ended before all were sent; the others can still be replayed."]),
  ];
}

/** @param {ReplayPlan} plan */
function keptWords({ replayed, exhausted, truncated }) {
  return [
    ...(replayed === 0 ? [] : [`${formatCount(replayed)} were replayed before.`]),
    ...(exhausted === 0 ? [] : [`${formatCount(exhausted)} have no attempts left.`]),
    ...(truncated === 0
      ? []
      : [`${formatCount(truncated)} can't be replayed, their originals were not kept.`]),
  ];
}
