/** @import { NextWindow, Partition, Pipeline } from "../../api.ts" */
/** What `clickstream explain` says, for the page: the pipeline in sentences. */
import { counted, formatCount } from "../format/numbers.js";
import { formatDuration, formatMoment, formatWindow } from "../format/times.js";

/**
 * What holds the next window open.
 * @param {Pipeline} pipeline
 * @returns {{ title: string, sentences: string[], command: string | null }}
 */
export function nextWindowWords(pipeline) {
  const { next, partitions, status, closedThroughMs } = pipeline;
  if (next === null) {
    const title =
      status === "ended"
        ? "The run has ended."
        : closedThroughMs === null
          ? "Nothing is known yet."
          : "Nothing holds the next window open.";
    const sentence =
      closedThroughMs === null
        ? "The first commit tells more."
        : `Final through ${formatMoment(closedThroughMs)} UTC.`;
    return { title, sentences: [sentence], command: null };
  }
  const held = partitions.find(({ partition }) => partition === next.heldBy);
  const title =
    next.startMs === null || next.endMs === null
      ? `Partition ${next.heldBy} holds all windows open`
      : `${formatWindow(next.startMs, next.endMs)}${whose(next)} closes next; partition ${next.heldBy} holds it open`;
  const sentences = [
    ...(held === undefined ? [] : [watermarkWords(held, pipeline)]),
    reasonWords(next, held),
  ];
  if (next.alsoHeldBy.length > 0) {
    sentences.push(`The watermark of ${named(next.alsoHeldBy)} has not passed the end of the window either.`);
  }
  return { title, sentences, command: next.reason === "stopped" ? "npx clickstream process" : null };
}

/** Where queries have windows of their own. @param {NextWindow} next */
function whose({ queries }) {
  return queries.length === 0
    ? ""
    : ` of ${queries.slice(0, 3).join(", ")}${queries.length > 3 ? " and others" : ""}`;
}

/** @param {Partition} partition @param {Pipeline} pipeline */
function watermarkWords({ watermarkMs, greatestMs }, { window }) {
  if (watermarkMs === null) return "It has no watermark: no valid event was read from it so far.";
  if (window !== null && greatestMs === watermarkMs + window.delayMs) {
    return `Its watermark is ${formatMoment(watermarkMs)}: ${formatDuration(window.delayMs)} before its greatest event time.`;
  }
  return `Its watermark is its floor, ${formatMoment(watermarkMs)}.`;
}

/** @param {NextWindow} next @param {Partition | undefined} held */
function reasonWords({ reason, neededEventMs }, held) {
  const needed =
    neededEventMs === null
      ? "with its first valid event"
      : `with an event of ${formatMoment(neededEventMs)} or later`;
  const unread = `${formatCount(held?.lag)} of its records are still to be read`;
  switch (reason) {
    case "behind":
      return `${unread}, and the engine is at it.`;
    case "stopped":
      return `${unread}, and no engine is running. Start it:`;
    case "open_transaction":
      return "What comes next is in a transaction that its producer has neither committed nor aborted. Kafka ends it when its time-out has passed.";
    case "no_event_yet":
    case "waits_for_events":
      return `It is read to its end. It moves on ${needed}, or when it has been silent for a while and others go on.`;
    case "idle":
      return "It is silent and no longer waited for: the next commits go on without it.";
    case "all_idle":
      return `All partitions are silent: the window closes ${needed}, in any of them.`;
    case "end_unknown":
      return "Kafka does not answer, so nobody knows how much of it is left to read.";
  }
}

/** @param {readonly number[]} partitions */
function named(partitions) {
  const more = partitions.length > 10 ? ` and ${partitions.length - 10} more` : "";
  return `partition${partitions.length === 1 ? "" : "s"} ${partitions
    .toSorted((a, b) => a - b)
    .slice(0, 10)
    .join(", ")}${more}`;
}

/**
 * One line on how it goes, and how good that is.
 * @param {Pipeline} pipeline
 * @returns {{ tone: "good" | "busy" | "off", text: string }}
 */
export function statusWords({ status, lag, producer, perSecond, windowsOpen }) {
  switch (status) {
    case "starting":
      return { tone: "busy", text: "Starting: nothing is committed yet" };
    case "ended":
      return { tone: "off", text: "The run has ended; these are its results" };
    case "stopped":
      return { tone: "off", text: "No engine is running; numbers are those of the last commit" };
    case "elsewhere":
      return {
        tone: "good",
        text: "Another process writes this output; numbers are those of its last commit",
      };
    case "running": {
      const isBehind = lag !== null && lag > 2 * Math.max(1_000, perSecond ?? 0);
      if (isBehind) return { tone: "busy", text: `Catching up: ${counted(lag, "event")} to read` };
      const more = windowsOpen === null ? "" : `, ${counted(windowsOpen, "window")} open`;
      return { tone: "good", text: `${producer?.live ? "Live" : "Up to date"}${more}` };
    }
  }
}

/** Why no provisional numbers show. @param {Pipeline | null} pipeline @returns {string | null} */
export function provisionalWords(pipeline) {
  switch (pipeline?.provisional) {
    case "spark":
      return "Spark tells a window only when it is final, so open windows do not show here.";
    case "serve":
      return "No engine runs in this process, so open windows do not show here: only what is final.";
    default:
      return null;
  }
}
