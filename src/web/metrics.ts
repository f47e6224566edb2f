import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { FAMILIES, type Family } from "./metric-families.ts";
import type { PipelineSource } from "./sources.ts";

const PREFIX = "clickstream_";
/** Of commits and closes: from a quiet second to a catch-up that closes hours of windows. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Gauges of prom-client with a counter's ending, which promtool refuses; they repeat what `nodejs_active_resources` has. */
const MISNAMED = ["handles", "requests", "resources"].map((what) => `nodejs_active_${what}_total`);

/** What `/metrics` tells. */
export class Metrics {
  private readonly source: PipelineSource;
  private readonly registry = new Registry();
  private readonly commit: Histogram;
  private readonly close: Histogram;
  private readonly families: { family: Family; metric: Counter | Gauge }[];

  constructor(source: PipelineSource, watchers: () => number) {
    this.source = source;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    this.families = FAMILIES.map((family) => {
      const { name, help, kind, labels = [] } = family;
      const configuration = { name: PREFIX + name, help, labelNames: [...labels], registers };
      return { family, metric: kind === "counter" ? new Counter(configuration) : new Gauge(configuration) };
    });
    const histogram = (name: string, help: string): Histogram =>
      new Histogram({ name: PREFIX + name, help, buckets: DURATION_BUCKETS, registers });
    this.commit = histogram("commit_duration_seconds", "From asking the workers to the durable commit");
    this.close = histogram(
      "close_duration_seconds",
      "To make the final rows of the windows that a commit closed",
    );
    new Gauge({
      name: `${PREFIX}live_clients`,
      help: "Clients of the live stream",
      registers,
      collect() {
        this.set(watchers());
      },
    });
  }

  /** Takes in a commit. */
  committed({
    commitMs,
    closeMs,
    windowsClosed,
  }: {
    commitMs: number;
    closeMs: number;
    windowsClosed: number;
  }): void {
    this.commit.observe(commitMs / 1_000);
    if (windowsClosed > 0) this.close.observe(closeMs / 1_000);
  }

  /** In Prometheus' text format. */
  async text(): Promise<{ text: string; contentType: string }> {
    const pipeline = await this.source.pipeline();
    for (const { family, metric } of this.families) {
      metric.reset();
      if (family.labels === undefined) metric.remove();
      for (const { value, labels = {} } of family.samples(pipeline)) {
        if (value !== null) metric.inc(labels, value);
      }
    }
    return { text: await this.registry.metrics(), contentType: this.registry.contentType };
  }
}
