import { readFileSync } from "node:fs";
import type { Health } from "../../web/api.ts";
import { Metrics } from "../../web/metrics.ts";
import { startWebServer, type WebServer } from "../../web/server.ts";
import type { DeadLetterReplay, PipelineSource } from "../../web/sources.ts";
import type { Context } from "../context.ts";
import type { RunningAlerts, RunningEngine, RunningGenerator } from "../parts.ts";
import { OutputHistory } from "./output-history.ts";
import { deadLetterReplay } from "./replay.ts";
import { engineSource, outputSource } from "./sources.ts";
import { httpToken } from "./token.ts";

const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** A part that may be absent stops all the same. */
export interface WebPart {
  stop(): Promise<void>;
}

/**
 * Starts the page, the API and the metrics over the engine of this process, unless they are off.
 * @throws ClickstreamError ADDRESS_TAKEN, ADDRESS_UNUSABLE, TOKEN_UNUSABLE
 */
export async function openWeb(
  context: Context,
  brokers: readonly string[],
  at: { engine: RunningEngine; generator?: RunningGenerator; alerts: RunningAlerts },
): Promise<WebPart> {
  const { clock, config } = context;
  const { engine } = at;
  if (config.settings.http === "off") return { stop: async () => {} };
  const maxStateBytes = config.settings.maxStateMb * 1e6;
  const source = engineSource(engine, at, { clock, maxStateBytes });
  const replay = deadLetterReplay(context, brokers);
  return listen(context, source, async () => readiness(source), { engine, replay });
}

/**
 * The page and the API over an output tree alone.
 * @throws ClickstreamError as `openWeb`
 */
export function serveOutput(context: Context): Promise<WebPart> {
  const source = outputSource(context.config.settings.output, context.clock);
  return listen(context, source, async () => {
    await source.pipeline();
    return { ok: true, checks: {} };
  });
}

async function listen(
  context: Context,
  pipeline: PipelineSource,
  ready: () => Promise<Health>,
  { engine, replay }: { engine?: RunningEngine; replay?: DeadLetterReplay } = {},
): Promise<WebPart> {
  const { config, clock, log } = context;
  const { http, output } = config.settings;
  if (http === "off") throw new Error("--http is off");
  const history = new OutputHistory(output, clock);
  const metrics = new Metrics(pipeline, () => server?.watchers() ?? 0);
  engine?.onCommit((timing) => metrics.committed(timing));
  const server: WebServer = await startWebServer({
    ...http,
    orAnyPort: config.origins.http === "default",
    token: await httpToken(context),
    clock,
    version,
    pipeline,
    history,
    replay,
    ready,
    metrics: () => metrics.text(),
    onError: (error) => log.error({ err: error }, "a request could not be answered"),
  });
  if (server.moved) log.warn(`port ${http.port} is taken: the page is at ${server.url}`);
  else log.info(`the page is at ${server.url}`);
  return {
    async stop() {
      await server.stop();
      await history[Symbol.asyncDispose]();
    },
  };
}

async function readiness(source: PipelineSource): Promise<Health> {
  const { status } = await source.pipeline();
  return { ok: status === "running" || status === "ended", checks: { engine: status } };
}
