import { removeLocalKafka } from "../local/local-kafka.ts";
import { stopOrphanedSpark } from "../local/spark/local-spark.ts";
import type { KafkaEvent } from "../local/supervise.ts";
import { openAlerts } from "./alerting/alerts-part.ts";
import { postgresOf } from "./config/postgres.ts";
import { kafkaOptions } from "./config.ts";
import type { Context } from "./context.ts";
import { deleteOutput } from "./delete-output.ts";
import { preflight } from "./doctor.ts";
import { openEngine } from "./engine-part.ts";
import { ensureTopic, openGenerator } from "./generator-part.ts";
import { jarsProgress } from "./jars-progress.ts";
import { kafkaForRun } from "./local-kafka.ts";
import type { Parts } from "./parts.ts";
import { dropPostgresTables } from "./postgres/postgres-copy.ts";
import { verifyProgress } from "./verification/verify-progress.ts";
import { verify } from "./verify.ts";

/** The real parts. */
export const parts: Parts = {
  async preflight({ config, environment }) {
    const { brokers, dir, port, output, events } = config.settings;
    const kafka = { dir, port, orAnyPort: port === undefined };
    await preflight({ environment, output, events, ...(brokers === undefined ? { kafka } : {}) });
  },

  async deleteAll({ config, clock }) {
    const { brokers, dir, output, sparkDir } = config.settings;
    await stopOrphanedSpark(sparkDir, clock); // else its queries would write on
    if (brokers === undefined) await removeLocalKafka(dir, clock); // first: it refuses while another run uses it
    const destination = postgresOf(config.settings);
    if (destination !== undefined) await dropPostgresTables(destination);
    await deleteOutput(output);
  },

  startKafka(context) {
    const { config, environment, clock, stopRequested: signal } = context;
    const { dir, port, events, partitions } = config.settings;
    return kafkaForRun({
      dir,
      port,
      expected: { events, partitions },
      environment,
      clock,
      signal,
      onProgress: jarsProgress(context),
      onEvent: (event) => logKafkaEvent(context, event),
    });
  },

  ensureTopic,
  openAlerts,
  async openEngine(context, settings) {
    if (context.config.settings.engine === "embedded") return openEngine(context, settings);
    const { openSparkEngine } = await import("./spark/spark-part.ts"); // loads gRPC and Arrow
    const engine = await openSparkEngine(context, settings);
    if (settings.postgres === undefined) return engine;
    const { copiedToPostgres } = await import("./postgres/copied-spark.ts");
    return copiedToPostgres(engine, context, settings);
  },
  openGenerator,
  async openWeb(...given) {
    const { openWeb } = await import("./web/web-part.ts"); // loads the HTTP server
    return openWeb(...given);
  },

  verify(context, brokers) {
    const { topic, output, qualityFactor } = context.config.settings;
    const kafka = kafkaOptions(context.config, brokers, "clickstream-verify");
    const postgres = postgresOf(context.config.settings);
    const onProgress = verifyProgress(context);
    const { clock, stopRequested: signal } = context;
    return verify({ kafka, topic, output, qualityFactor, clock, postgres, signal, onProgress });
  },
};

function logKafkaEvent({ log }: Context, event: KafkaEvent): void {
  if (event.kind === "restarted") log.info(event, "the local Kafka runs again");
  else if (event.kind === "died") log.warn(event, "the local Kafka died and is restarted");
  else if (event.kind === "restart_failed") log.error(event, "the local Kafka could not be restarted yet");
  else log.warn("the local Kafka was stopped by another process");
}
