/** @import { Partition } from "../../api.ts" */
/** @import { State } from "../model/state.js" */
import { h, setText } from "../base/dom.js";
import { counted, formatCount } from "../format/numbers.js";
import { formatMoment } from "../format/times.js";
import { panel } from "../parts/panel.js";
import { column, dataTable } from "../parts/table.js";

/** More rows would make every painting slow; the laggards are what one looks for. */
const MAX_ROWS = 200;

/** Each partition of the topic: where reading is, and what its time is. */
export function partitionsPanel() {
  const table = dataTable({
    label: "Partitions",
    key: (/** @type {Partition} */ { partition }) => String(partition),
    rowClass: ({ idle }) => (idle ? "idle" : ""),
  });
  const foot = h("p", { class: "panel-foot quiet" });
  const shell = panel({ title: "Partitions", wide: true }, table.node, foot);
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      if (pipeline === null) return shell.instead("loading", "Waiting for the first news…");
      const { partitions, partitionCount, next, topic } = pipeline;
      if (partitions.length === 0) return shell.instead("empty", "No partition has been read yet.");
      const holders = new Set(next === null ? [] : [next.heldBy, ...next.alsoHeldBy]);
      const shown =
        partitions.length <= MAX_ROWS
          ? partitions
          : partitions
              .toSorted((a, b) => (b.lag ?? 0) - (a.lag ?? 0) || a.partition - b.partition)
              .slice(0, MAX_ROWS);
      shell.content();
      shell.lead(`${counted(partitionCount, "partition")} of ${topic ?? "the topic"}`);
      setText(
        foot,
        shown.length < partitionCount
          ? `The ${formatCount(shown.length)} with the greatest lag of ${formatCount(partitionCount)}.`
          : "",
      );
      table.paint(
        [
          column("partition", ({ partition }) => `${partition}`, "text"),
          column("position", ({ position }) => formatCount(position)),
          column("end", ({ end }) => formatCount(end)),
          column("lag", ({ lag }) => formatCount(lag)),
          column("watermark", ({ watermarkMs }) => formatMoment(watermarkMs)),
          column("newest event", ({ greatestMs }) => formatMoment(greatestMs)),
          column(
            "floor",
            ({ floorMs }) => formatMoment(floorMs),
            "number",
            "the watermark is at least this, because the partition was silent",
          ),
          column("late", ({ late }) => formatCount(late)),
          column("dead", ({ dead }) => formatCount(dead)),
          column("state", (partition) => stateOf(partition, holders), "text"),
        ],
        shown,
      );
    },
  };
}

/** @param {Partition} partition @param {ReadonlySet<number>} holders */
function stateOf({ idle, partition, lag }, holders) {
  const words = [
    ...(idle ? ["idle"] : lag === null ? [] : [lag > 0 ? "reading" : "up to date"]),
    ...(holders.has(partition) ? ["holds the window"] : []),
  ];
  return words.join(", ");
}
