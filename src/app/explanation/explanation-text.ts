import { formatDuration } from "../../core/durations.ts";
import { formatCount, formatMoment } from "../numbers-for-people.ts";
import { textTable } from "../text-table.ts";
import type { ExplainedPartition, Explanation, NextWindow } from "./explain-partitions.ts";

const COLUMNS: readonly { title: string; cell(partition: ExplainedPartition): string }[] = [
  { title: "partition", cell: ({ partition }) => `${partition}` },
  { title: "position", cell: ({ position }) => formatCount(position) },
  { title: "end", cell: ({ end }) => formatCount(end) },
  { title: "lag", cell: ({ lag }) => formatCount(lag) },
  { title: "greatest event time", cell: ({ greatestMs }) => formatMoment(greatestMs) },
  { title: "watermark", cell: ({ watermarkMs }) => formatMoment(watermarkMs) },
  { title: "floor", cell: ({ floorMs }) => formatMoment(floorMs) },
  { title: "idle", cell: ({ idle }) => (idle ? "idle" : "–") },
];

/** An explanation for people: a table of the partitions, then what holds the next window open. Times in UTC. */
export function explanationText(explanation: Explanation): string {
  const { topic, closedThroughMs, engineRuns, partitions, unknownPartitions, next } = explanation;
  const closed =
    closedThroughMs === null ? "no window is final yet" : `final through ${formatMoment(closedThroughMs)}`;
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...partitions.map((partition) => COLUMNS.map(({ cell }) => cell(partition))),
  ];
  return [
    `topic ${topic}: ${closed}; ${engineRuns ? "an engine is running" : "no engine is running"}`,
    "",
    ...textTable(rows),
    "",
    ...(next === null
      ? ["Nothing holds the next window open: the next commit closes it."]
      : sentences(explanation, next)),
    ...(unknownPartitions.length === 0
      ? []
      : [`New in the topic and not read yet: ${named(unknownPartitions)}.`]),
  ].join("\n");
}

function sentences(explanation: Explanation, next: NextWindow): string[] {
  const { heldBy, alsoHeldBy } = next;
  const held = explanation.partitions.find(({ partition }) => partition === heldBy)!;
  const whose = next.queries.length === 0 ? "" : `, of ${next.queries.join(", ")},`;
  const what =
    next.startMs === null
      ? `No window can become final yet: partition ${heldBy} holds all of them open:`
      : `The next window to become final${whose} is ${formatMoment(next.startMs)} to ${formatMoment(next.endMs)}. Partition ${heldBy} holds it open:`;
  const also =
    alsoHeldBy.length === 0
      ? []
      : [`The watermark of ${named(alsoHeldBy)} has not passed the end of the window either.`];
  return [what, ...why(explanation, next, held), ...also];
}

function why(
  { delayMs }: Explanation,
  { reason, neededEventMs }: NextWindow,
  { lag, greatestMs, watermarkMs, position }: ExplainedPartition,
): string[] {
  const watermark =
    watermarkMs === null
      ? "it has no watermark, as no valid event was read from it so far"
      : greatestMs === watermarkMs + delayMs
        ? `its watermark is ${formatMoment(watermarkMs)}, which is ${formatDuration(delayMs)} (--delay) before its greatest event time`
        : `its watermark is its floor, ${formatMoment(watermarkMs)}`;
  const needed =
    neededEventMs === null
      ? "with its first valid event"
      : `with an event of ${formatMoment(neededEventMs)} or later`;
  switch (reason) {
    case "behind":
      return [
        `${watermark}; ${formatCount(lag)} records in Kafka are still to be read, and the engine is at it.`,
      ];
    case "stopped":
      return [
        `${watermark}; ${formatCount(lag)} records in Kafka are still to be read, and no engine is running.`,
        "Start it: clickstream process (or run).",
      ];
    case "open_transaction":
      return [
        `${watermark}; what comes next, from offset ${formatCount(position)} on, is in a transaction that its producer`,
        "has neither committed nor aborted. Kafka ends it when its time-out has passed.",
      ];
    case "no_event_yet":
    case "waits_for_events":
      return [
        `${watermark}. It is read to its end, and moves on ${needed},`,
        "or when it has been silent for --idle-after while an engine runs and others go on.",
      ];
    case "idle":
      return [`${watermark}. It is silent, and no longer waited for: the next commits go on without it.`];
    case "all_idle":
      return [`${watermark}. All partitions are silent: the window closes ${needed}, in any of them.`];
    case "end_unknown":
      return [`${watermark}. Kafka does not answer, so nobody knows how much of it is left to read.`];
  }
}

function named(partitions: readonly number[]): string {
  const shown = partitions.slice(0, 10).join(", ");
  const more = partitions.length > 10 ? ` and ${partitions.length - 10} more` : "";
  return `partition${partitions.length === 1 ? "" : "s"} ${shown}${more}`;
}
