import type { AlertsStatus } from "../../alerts/status.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import type { Pipeline } from "../../web/api.ts";
import { type Explanation, explainPartitions, type Findings } from "../explanation/explain-partitions.ts";
import type { EngineInspection } from "../parts.ts";
import type { EngineSnapshot, ProducerSnapshot } from "../progress/snapshot.ts";
import { alertsView } from "./alerts-view.ts";

const MAX_PARTITIONS = 1_000;
const MAX_REASONS = 50;
const MAX_QUALITY_ROWS = 100;

/** The engine of this process at one moment. */
export interface EngineView {
  snapshot: EngineSnapshot;
  inspection: EngineInspection;
  ended: boolean;
  maxStateBytes: number;
}

/** What is known at one moment; absent is what nobody in this process knows. */
export interface PipelineFacts {
  nowMs: number;
  manifest: Manifest | undefined;
  /** Whether any process writes this output. */
  engineRuns: boolean;
  engine: EngineView | undefined;
  producer: ProducerSnapshot | undefined;
  alerts?: AlertsStatus | undefined;
  /** When the manifest was written, where there is no engine to ask; ms since the epoch. */
  writtenAtMs?: number | undefined;
}

/** How the pipeline is doing, as the API tells it. */
export function pipelineView({
  nowMs,
  manifest,
  engineRuns,
  engine,
  producer,
  writtenAtMs,
  alerts,
}: PipelineFacts): Pipeline {
  const explanation = manifest && explainPartitions({ manifest, engineRuns, ...endsOf(engine?.inspection) });
  return {
    nowMs,
    engine: manifest?.engine ?? null,
    topic: manifest?.topic.name ?? null,
    status: statusOf(manifest, engineRuns, engine),
    provisional: provisionalOf(manifest, engine),
    ...accounting(manifest),
    ...progress(engine),
    ...times(explanation, manifest),
    lastCommitMs: engine?.inspection.lastCommitMs ?? writtenAtMs ?? null,
    state: stateOf(engine),
    workers: (engine?.inspection.busyShares ?? []).map((busyShare, worker) => ({ worker, busyShare })),
    partitions: partitionsOf(explanation, manifest),
    partitionCount: manifest?.partitions.length ?? 0,
    // Spark tells one watermark for all partitions, so that none of them can be named.
    next: manifest?.engine === "spark" ? null : (explanation?.next ?? null),
    producer: producer === undefined ? null : { ...producer, batchMs: [...producer.batchMs] },
    spark: sparkOf(engine),
    quality: qualityOf(engine),
    postgres: engine?.snapshot.postgres ?? null,
    alerts: alerts === undefined ? null : alertsView(alerts, engine !== undefined),
    replay: engine === undefined ? "serve" : "yes",
  };
}

function endsOf(inspection: EngineInspection | undefined): Pick<Findings, "ends"> {
  if (inspection === undefined || inspection.ends.size === 0) return {};
  return { ends: { end: inspection.ends, lastStable: inspection.lastStable } };
}

function statusOf(
  manifest: Manifest | undefined,
  engineRuns: boolean,
  engine: EngineView | undefined,
): Pipeline["status"] {
  if (engine === undefined) return engineRuns ? "elsewhere" : "stopped";
  if (engine.ended) return "ended";
  return manifest === undefined || engine.snapshot.commits === 0 ? "starting" : "running";
}

function provisionalOf(
  manifest: Manifest | undefined,
  engine: EngineView | undefined,
): Pipeline["provisional"] {
  if (manifest?.engine === "spark") return "spark";
  return engine === undefined ? "serve" : "yes";
}

function accounting(
  manifest: Manifest | undefined,
): Pick<Pipeline, "read" | "counted" | "duplicates" | "late" | "dead" | "lost"> {
  if (manifest?.totals !== undefined) {
    const { read, dead } = manifest.totals;
    const reasons: Record<string, number> = dead === 0 ? {} : { "all reasons": dead };
    return { read, counted: Math.max(0, read - dead), duplicates: null, late: 0, dead: reasons, lost: 0 };
  }
  const sum = { read: 0, counted: 0, duplicates: 0, late: 0, lost: 0 };
  const dead = new Map<string, number>();
  for (const partition of manifest?.partitions ?? []) {
    sum.read += partition.read;
    sum.counted += partition.counted;
    sum.duplicates += partition.duplicates ?? 0;
    sum.late += partition.late;
    for (const { from, to } of partition.lost) sum.lost += to - from;
    for (const [reason, events] of Object.entries(partition.dead)) {
      dead.set(reason, (dead.get(reason) ?? 0) + events);
    }
  }
  return { ...sum, duplicates: manifest?.windows.dedupe ? sum.duplicates : null, dead: bounded(dead) };
}

/** The most frequent reasons; the rest is summed up, because fields of the user's own make reasons of their own. */
function bounded(dead: ReadonlyMap<string, number>): Record<string, number> {
  const sorted = [...dead].toSorted(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, sorted.length > MAX_REASONS ? MAX_REASONS - 1 : MAX_REASONS);
  const rest = sorted.slice(shown.length).reduce((sum, [, events]) => sum + events, 0);
  return Object.fromEntries(rest === 0 ? shown : [...shown, ["other", rest]]);
}

function progress(
  engine: EngineView | undefined,
): Pick<
  Pipeline,
  "readBytes" | "perSecond" | "lag" | "windowsClosed" | "windowsOpen" | "commits" | "commitMs"
> {
  if (engine === undefined) {
    return {
      readBytes: null,
      perSecond: null,
      lag: null,
      windowsClosed: null,
      windowsOpen: null,
      commits: null,
      commitMs: [],
    };
  }
  const { perSecond, lag, windowsClosed, windowsOpen, commits, commitMs } = engine.snapshot;
  const { readBytes } = engine.inspection;
  return { readBytes, perSecond, lag, windowsClosed, windowsOpen, commits, commitMs: [...commitMs] };
}

function times(
  explanation: Explanation | undefined,
  manifest: Manifest | undefined,
): Pick<Pipeline, "greatestMs" | "watermarkMs" | "closedThroughMs" | "window"> {
  const partitions = explanation?.partitions ?? [];
  const greatest = partitions.flatMap(({ greatestMs }) => (greatestMs === null ? [] : [greatestMs]));
  const watermarks = partitions.flatMap(({ watermarkMs }) => (watermarkMs === null ? [] : [watermarkMs]));
  const windows = manifest?.windows;
  return {
    greatestMs: greatest.length === 0 ? null : Math.max(...greatest),
    watermarkMs:
      partitions.length === 0 || watermarks.length < partitions.length ? null : Math.min(...watermarks),
    closedThroughMs: manifest?.closedThroughMs ?? null,
    window: windows ? { sizeMs: windows.sizeMs, slideMs: windows.slideMs, delayMs: windows.delayMs } : null,
  };
}

function stateOf(engine: EngineView | undefined): Pipeline["state"] {
  if (engine === undefined) return null;
  const { bytes, openPanes, outboxEntries: outbox } = engine.inspection.state;
  return { bytes, maxBytes: engine.maxStateBytes, openPanes, outbox };
}

function qualityOf(engine: EngineView | undefined): Pipeline["quality"] {
  const rows = engine?.inspection.quality ?? [];
  const [first] = rows;
  if (first === undefined) return null;
  const unexpectedFirst = rows.toSorted((a, b) => Number(b.ok === false) - Number(a.ok === false));
  return {
    startMs: Date.parse(first.window_start),
    rows: unexpectedFirst
      .slice(0, MAX_QUALITY_ROWS)
      .map(({ expectation, key, value, expected_low: low, expected_high: high, ok }) => ({
        expectation,
        key,
        value,
        low,
        high,
        ok,
      })),
  };
}

function sparkOf(engine: EngineView | undefined): Pipeline["spark"] {
  const spark = engine?.snapshot.spark;
  if (engine === undefined || spark === undefined) return null;
  return {
    queries: spark.queries.map((query) => ({
      name: query.query,
      status: engine.ended ? "ended" : "running",
      batches: query.batchId + 1,
      inputPerSecond: query.inputPerSecond,
      processedPerSecond: query.processedPerSecond,
      batchMs: [query.batchMs],
      droppedRows: query.droppedRows,
      stateRows: query.stateRows,
      watermarkMs: null,
    })),
    executors: (engine.inspection.executors ?? []).map((executor) => ({ ...executor })),
  };
}

function partitionsOf(
  explanation: Explanation | undefined,
  manifest: Manifest | undefined,
): Pipeline["partitions"] {
  return (explanation?.partitions ?? []).slice(0, MAX_PARTITIONS).map((explained, index) => {
    const stored = manifest?.partitions[index];
    const dead = Object.values(stored?.dead ?? {}).reduce((sum, events) => sum + events, 0);
    return {
      ...explained,
      read: stored?.read ?? 0,
      counted: stored?.counted ?? 0,
      late: stored?.late ?? 0,
      dead,
    };
  });
}
