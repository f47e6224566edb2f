/** @import { Spark } from "../../api.ts" */
/** @import { State } from "../model/state.js" */
import { h, setAttribute } from "../base/dom.js";
import { sparkline } from "../charts/sparkline.js";
import { counted, formatCount, UNKNOWN } from "../format/numbers.js";
import { shownText } from "../format/text.js";
import { formatMoment, formatSpan } from "../format/times.js";
import { panel } from "../parts/panel.js";
import { column, dataTable } from "../parts/table.js";

/** @typedef {Spark["queries"][number]} SparkQuery */
/** @typedef {Spark["executors"][number]} Executor */

/** Spark's queries and executors, when Spark is the engine. */
export function sparkPanel() {
  const queries = dataTable({
    label: "Spark's queries",
    key: (/** @type {SparkQuery} */ { name }) => name,
    rowClass: ({ inputPerSecond, processedPerSecond }) =>
      (inputPerSecond ?? 0) > (processedPerSecond ?? Infinity) ? "warn" : "",
  });
  const executors = dataTable({
    label: "Executors",
    key: (/** @type {Executor} */ { id }) => id,
    rowClass: ({ active }) => (active ? "" : "idle"),
  });
  const none = h("p", { class: "quiet", text: "No executor is known." });
  const shell = panel(
    { title: "Spark", wide: true },
    queries.node,
    h("h3", { text: "Executors" }),
    executors.node,
    none,
  );
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      const spark = pipeline?.spark ?? null;
      shell.node.hidden = spark === null;
      if (spark === null) return;
      if (spark.queries.length === 0) return shell.instead("empty", "Spark has not started a query yet.");
      shell.content();
      const behind = spark.queries.filter(
        ({ inputPerSecond, processedPerSecond }) => (inputPerSecond ?? 0) > (processedPerSecond ?? Infinity),
      ).length;
      shell.lead(
        behind === 0
          ? counted(spark.queries.length, "query").replace("querys", "queries")
          : `${behind} of ${spark.queries.length} read more slowly than events come in`,
      );
      queries.paint(QUERY_COLUMNS, spark.queries);
      executors.paint(EXECUTOR_COLUMNS, spark.executors);
      setAttribute(executors.node, "hidden", spark.executors.length === 0);
      setAttribute(none, "hidden", spark.executors.length > 0);
    },
  };
}

/** @type {WeakMap<Element, ReturnType<typeof sparkline>>} */
const lines = new WeakMap();

/** @param {number | null} rate */
const perSecond = (rate) => (rate === null ? UNKNOWN : `${formatCount(Math.round(rate))} /s`);

/** @type {import("../parts/table.js").TableColumn<SparkQuery>[]} */
const QUERY_COLUMNS = [
  column("query", ({ name }) => shownText(name), "text"),
  column("input", ({ inputPerSecond }) => perSecond(inputPerSecond)),
  column("processing", ({ processedPerSecond }) => perSecond(processedPerSecond)),
  column("latest batch", ({ batchMs }) => formatSpan(batchMs[0])),
  {
    title: "batches took",
    kind: "picture",
    create() {
      const line = sparkline();
      lines.set(line.node, line);
      return line.node;
    },
    update: (cell, { batchMs }) =>
      lines.get(/** @type {Element} */ (cell.firstElementChild))?.paint(batchMs.toReversed()),
  },
  column("batches", ({ batches }) => formatCount(batches)),
  column(
    "dropped rows",
    ({ droppedRows }) => formatCount(droppedRows),
    "number",
    "behind Spark's watermark, so that it left them out",
  ),
  column("state rows", ({ stateRows }) => formatCount(stateRows)),
  column("watermark", ({ watermarkMs }) => formatMoment(watermarkMs)),
  column("status", ({ status }) => shownText(status), "text"),
];

/** @type {import("../parts/table.js").TableColumn<Executor>[]} */
const EXECUTOR_COLUMNS = [
  column("executor", ({ id }) => shownText(id), "text"),
  column("host", ({ host }) => shownText(host), "text"),
  column("state", ({ active }) => (active ? "active" : "gone"), "text"),
  column("cores", ({ cores }) => formatCount(cores)),
  column("active tasks", ({ activeTasks }) => formatCount(activeTasks)),
  column("failed tasks", ({ failedTasks }) => formatCount(failedTasks)),
];
