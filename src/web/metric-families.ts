import type { Pipeline } from "./api.ts";
import { EXPECTATIONS } from "./quality-api.ts";

/** Series by partition stop here: a topic of thousands would cost a Prometheus more than it tells. */
const MAX_PARTITIONS = 200;
const MAX_SPARK_QUERIES = 50;
/** One family of series: what it is called, and its samples at one moment. None while there is nothing to say. */
export interface Family {
  name: string;
  help: string;
  kind: "counter" | "gauge";
  labels?: readonly string[];
  samples(pipeline: Pipeline): readonly { value: number | null; labels?: Record<string, string> }[];
}

const one =
  (value: (pipeline: Pipeline) => number | null | undefined): Family["samples"] =>
  (pipeline) => [{ value: value(pipeline) ?? null }];
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
const byPartition =
  (value: (partition: Pipeline["partitions"][number]) => number | null): Family["samples"] =>
  ({ partitions }) =>
    partitions.slice(0, MAX_PARTITIONS).map((partition) => ({
      value: value(partition),
      labels: { partition: String(partition.partition) },
    }));
const byQuery =
  (value: (query: NonNullable<Pipeline["spark"]>["queries"][number]) => number | null): Family["samples"] =>
  ({ spark }) =>
    (spark?.queries ?? []).slice(0, MAX_SPARK_QUERIES).map((query) => ({
      value: value(query),
      labels: { query: query.name },
    }));
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** All but the histograms, in the order of the answer. Names without the program's prefix. */
export const FAMILIES: readonly Family[] = [
  {
    name: "pipeline_info",
    help: "Always 1; engine and topic are its labels",
    kind: "gauge",
    labels: ["engine", "topic"],
    samples: ({ engine, topic }) =>
      engine === null ? [] : [{ value: 1, labels: { engine, topic: topic ?? "" } }],
  },
  {
    name: "running",
    help: "1 while an engine works on this output",
    kind: "gauge",
    samples: one(({ status }) => (status === "running" || status === "elsewhere" ? 1 : 0)),
  },
  {
    name: "events_read_total",
    help: "Events read and committed: counted, duplicate, late and dead ones",
    kind: "counter",
    samples: one(({ read }) => read),
  },
  {
    name: "events_counted_total",
    help: "Events that count in a window",
    kind: "counter",
    samples: one(({ counted }) => counted),
  },
  {
    name: "events_duplicate_total",
    help: "Events that counted before, with --dedupe",
    kind: "counter",
    samples: one(({ duplicates }) => duplicates),
  },
  {
    name: "events_late_total",
    help: "Events that came when all their windows were closed",
    kind: "counter",
    samples: one(({ late }) => late),
  },
  {
    name: "events_dead_total",
    help: "Dead letters by reason",
    kind: "counter",
    labels: ["reason"],
    samples: ({ dead }) => Object.entries(dead).map(([reason, value]) => ({ value, labels: { reason } })),
  },
  {
    name: "events_lost_total",
    help: "Events that Kafka dropped before they were read, skipped as allowed",
    kind: "counter",
    samples: one(({ lost }) => lost),
  },
  {
    name: "read_bytes_total",
    help: "Bytes of the events read by this process",
    kind: "counter",
    samples: one(({ readBytes }) => readBytes),
  },
  {
    name: "lag_events",
    help: "Events in Kafka that are not read yet",
    kind: "gauge",
    samples: one(({ lag }) => lag),
  },
  {
    name: "partition_lag_events",
    help: "Events in a partition that are not read yet; of the first 200 partitions",
    kind: "gauge",
    labels: ["partition"],
    samples: byPartition(({ lag }) => lag),
  },
  {
    name: "partition_watermark_timestamp_seconds",
    help: "Watermark of a partition; of the first 200 partitions",
    kind: "gauge",
    labels: ["partition"],
    samples: byPartition(({ watermarkMs }) => seconds(watermarkMs)),
  },
  {
    name: "partition_idle",
    help: "1 for a partition that is silent and holds no window open; of the first 200 partitions",
    kind: "gauge",
    labels: ["partition"],
    samples: byPartition(({ idle }) => (idle ? 1 : 0)),
  },
  {
    name: "partitions",
    help: "Partitions of the topic that are read",
    kind: "gauge",
    samples: one(({ partitionCount }) => partitionCount),
  },
  {
    name: "watermark_timestamp_seconds",
    help: "The least watermark over the partitions",
    kind: "gauge",
    samples: one(({ watermarkMs }) => seconds(watermarkMs)),
  },
  {
    name: "watermark_delay_seconds",
    help: "How far the watermark is behind the clock; in a calm stream --delay and a little",
    kind: "gauge",
    samples: one(({ nowMs, watermarkMs }) => (watermarkMs === null ? null : (nowMs - watermarkMs) / 1_000)),
  },
  {
    name: "closed_through_timestamp_seconds",
    help: "Every window that ends at or before it is final",
    kind: "gauge",
    samples: one(({ closedThroughMs }) => seconds(closedThroughMs)),
  },
  {
    name: "windows_closed_total",
    help: "Windows that became final",
    kind: "counter",
    samples: one(({ windowsClosed }) => windowsClosed),
  },
  {
    name: "windows_open",
    help: "Windows that hold events and are not final",
    kind: "gauge",
    samples: one(({ windowsOpen }) => windowsOpen),
  },
  {
    name: "open_panes",
    help: "Panes that some open window still reads",
    kind: "gauge",
    samples: one(({ state }) => state?.openPanes),
  },
  {
    name: "state_bytes",
    help: "Memory of the open windows",
    kind: "gauge",
    samples: one(({ state }) => state?.bytes),
  },
  {
    name: "state_limit_bytes",
    help: "--max-state-mb: above it the engine stops",
    kind: "gauge",
    samples: one(({ state }) => state?.maxBytes),
  },
  {
    name: "outbox_entries",
    help: "Final results that no sink has written yet",
    kind: "gauge",
    samples: one(({ state }) => state?.outbox),
  },
  {
    name: "postgres_up",
    help: "0 while a failure of PostgreSQL is being tried again",
    kind: "gauge",
    samples: one(({ postgres }) => (postgres === null ? null : Number(postgres.trouble === null))),
  },
  {
    name: "postgres_windows_waiting",
    help: "Windows that are final and not in PostgreSQL yet",
    kind: "gauge",
    samples: one(({ postgres }) => postgres?.waiting),
  },
  {
    name: "postgres_rows_written_total",
    help: "Rows of windows written to PostgreSQL",
    kind: "counter",
    samples: one(({ postgres }) => postgres?.rows),
  },
  {
    name: "last_commit_timestamp_seconds",
    help: "When the last commit ended",
    kind: "gauge",
    samples: one(({ lastCommitMs }) => seconds(lastCommitMs)),
  },
  {
    name: "worker_busy_ratio",
    help: "Share of the time between the last commits in which a worker thread was at work",
    kind: "gauge",
    labels: ["worker"],
    samples: ({ workers }) =>
      workers.map(({ worker, busyShare }) => ({ value: busyShare, labels: { worker: String(worker) } })),
  },
  {
    name: "data_quality_unexpected",
    help: "Values of the latest window that are not as expected, with --data-quality",
    kind: "gauge",
    labels: ["expectation"],
    samples: ({ quality }) =>
      quality === null
        ? []
        : EXPECTATIONS.map((expectation) => ({
            value: quality.rows.filter((row) => row.expectation === expectation && row.ok === false).length,
            labels: { expectation },
          })),
  },
  {
    name: "data_quality_window_timestamp_seconds",
    help: "Start of the window that data_quality_unexpected is of",
    kind: "gauge",
    samples: one(({ quality }) => seconds(quality?.startMs ?? null)),
  },
  {
    name: "alerts",
    help: "Alerts by state, as the page shows them",
    kind: "gauge",
    labels: ["state"],
    samples: ({ alerts }) =>
      alerts === null
        ? []
        : (["firing", "pending"] as const).map((state) => ({ value: alerts[state], labels: { state } })),
  },
  {
    name: "alert_changes_undelivered",
    help: "Changes of alerts that a sink has not taken yet",
    kind: "gauge",
    labels: ["sink"],
    samples: ({ alerts }) =>
      Object.entries(alerts?.undelivered ?? {}).map(([sink, value]) => ({ value, labels: { sink } })),
  },
  {
    name: "produced_events_total",
    help: "Events that the generator has on the topic",
    kind: "counter",
    samples: one(({ producer }) => producer?.produced),
  },
  {
    name: "produce_target_events",
    help: "Events that the topic shall hold before live ones",
    kind: "gauge",
    samples: one(({ producer }) => producer?.total),
  },
  {
    name: "produce_batch_mean_seconds",
    help: "Mean time of the latest batches, from first byte to acknowledgement",
    kind: "gauge",
    samples: one(({ producer }) => seconds(mean(producer?.batchMs ?? []))),
  },
  {
    name: "produce_batch_max_seconds",
    help: "Longest of the latest batches",
    kind: "gauge",
    samples: one(({ producer }) => (producer?.batchMs.length ? Math.max(...producer.batchMs) / 1_000 : null)),
  },
  {
    name: "spark_input_rows_per_second",
    help: "Rows a second that came in, by Spark's last report",
    kind: "gauge",
    labels: ["query"],
    samples: byQuery(({ inputPerSecond }) => inputPerSecond),
  },
  {
    name: "spark_processed_rows_per_second",
    help: "Rows a second that were processed, by Spark's last report",
    kind: "gauge",
    labels: ["query"],
    samples: byQuery(({ processedPerSecond }) => processedPerSecond),
  },
  {
    name: "spark_batch_duration_seconds",
    help: "Duration of the last micro-batch",
    kind: "gauge",
    labels: ["query"],
    samples: byQuery(({ batchMs }) => seconds(batchMs[0] ?? null)),
  },
  {
    name: "spark_batches_total",
    help: "Micro-batches",
    kind: "counter",
    labels: ["query"],
    samples: byQuery(({ batches }) => batches),
  },
  {
    name: "spark_dropped_rows_total",
    help: "Rows behind Spark's watermark, which it left out",
    kind: "counter",
    labels: ["query"],
    samples: byQuery(({ droppedRows }) => droppedRows),
  },
  {
    name: "spark_state_rows",
    help: "Rows in the query's state",
    kind: "gauge",
    labels: ["query"],
    samples: byQuery(({ stateRows }) => stateRows),
  },
  {
    name: "spark_executors",
    help: "Executors at work",
    kind: "gauge",
    samples: one(({ spark }) => spark?.executors.filter(({ active }) => active).length),
  },
];
