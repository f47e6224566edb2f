import { formatDuration } from "../../core/durations.ts";
import type { InspectedPartition } from "../../engines/embedded/inspect-state.ts";
import { formatCount, formatMoment } from "../numbers-for-people.ts";
import { textTable } from "../text-table.ts";
import type { Inspection } from "./inspect-output.ts";

const PARTITION: readonly { title: string; cell(partition: InspectedPartition): string }[] = [
  { title: "partition", cell: ({ partition }) => `${partition}` },
  { title: "position", cell: ({ position }) => formatCount(position) },
  { title: "greatest event time", cell: ({ greatestMs }) => formatMoment(greatestMs) },
  { title: "watermark", cell: ({ watermarkMs }) => formatMoment(watermarkMs) },
  { title: "floor", cell: ({ floors }) => formatMoment(floors.at(-1)?.floorMs ?? null) },
  { title: "floors", cell: ({ floors }) => formatCount(floors.length) },
  { title: "read", cell: ({ read }) => formatCount(read) },
  { title: "counted", cell: ({ counted }) => formatCount(counted) },
  {
    title: "duplicates",
    cell: ({ duplicates }) => (duplicates === undefined ? "–" : formatCount(duplicates)),
  },
  { title: "late", cell: ({ late }) => formatCount(late) },
  { title: "dead", cell: ({ dead }) => formatCount(total(Object.values(dead))) },
  { title: "lost", cell: ({ lost }) => formatCount(total(lost.map(({ from, to }) => to - from))) },
];

/** A state for people. Times in UTC. */
export function inspectionText(state: Inspection): string {
  const { path, format, engineRuns, topic, closedThroughMs, windowsClosed, leastWatermarkMs } = state;
  const closed =
    closedThroughMs === null
      ? "no window is final yet"
      : `final through ${formatMoment(closedThroughMs)}, ${formatCount(windowsClosed)} windows`;
  return [
    `state ${path}, format ${format}; ${engineRuns ? "an engine is running" : "no engine is running"}`,
    `topic ${topic.name}: ${closed}; least watermark ${formatMoment(leastWatermarkMs)}`,
    "",
    ...textTable([
      PARTITION.map(({ title }) => title),
      ...state.partitions.map((partition) => PARTITION.map(({ cell }) => cell(partition))),
    ]),
    "",
    ...openPanes(state),
    "",
    ...outbox(state),
    "",
    ...countedIds(state),
    files(state),
  ].join("\n");
}

function openPanes({ groups }: Inspection): string[] {
  return textTable([
    ["open panes of", "panes", "parts", "bytes", "first", "last", "queries"],
    ...groups.map(
      ({ sizeMs, slideMs, sessionGapMs, panes, parts, bytes, firstPaneMs, lastPaneMs, queries }) => [
        sessionGapMs === null
          ? `${formatDuration(sizeMs)} by ${formatDuration(slideMs)}`
          : `sessions, gap ${formatDuration(sessionGapMs)}`,
        formatCount(panes),
        formatCount(parts),
        formatCount(bytes),
        formatMoment(firstPaneMs),
        formatMoment(lastPaneMs),
        formatCount(queries.length),
      ],
    ),
  ]);
}

function outbox({ outbox: entries }: Inspection): string[] {
  if (entries.length === 0) return ["The outbox is empty: sinks have confirmed all final rows."];
  return textTable([
    ["outbox to", "query", "windows", "rows", "bytes", "ending", "through"],
    ...entries.map(({ sink, query, windows, rows, bytes, firstWindowEndMs, lastWindowEndMs }) => [
      sink,
      query,
      formatCount(windows),
      formatCount(rows),
      formatCount(bytes),
      formatMoment(firstWindowEndMs),
      formatMoment(lastWindowEndMs),
    ]),
  ]);
}

function countedIds({ windows, countedIds: { ids, parts, bytes } }: Inspection): string[] {
  if (!windows.dedupe) return [];
  return [
    `event ids: ${formatCount(ids)} in ${formatCount(parts)} parts of ${formatCount(bytes)} bytes.`,
    "",
  ];
}

function files({ files: { stateBytes, freeBytes, logBytes } }: Inspection): string {
  return `${formatCount(stateBytes)} bytes of state and ${formatCount(logBytes)} of write-ahead log, ${formatCount(freeBytes)} of both free for later commits; all of it was read and is intact.`;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
