// What looking costs: `process` alone, against the same with its page served, its metrics scraped and its live stream read,
// and against the same with all that an open page asks. The three take turns, because machines are noisy.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../src/local/ports.ts";

const ROUNDS = 5;
const SCRAPE_EVERY_MS = 5_000;
/** As the page's panels: two seconds between questions, longer behind answers that took long. */
const ASK_EVERY_MS = 2_000;
const REST = 10;
const HOUR_MS = 3_600_000;

const LOOKS = {
  "nobody looks": undefined,
  "live stream and metrics": [],
  "an open page": [
    "/api/windows?query=window_totals&limit=10000",
    "/api/top?query=url_counts&by=events&limit=10&points=40",
  ],
} as const;
type Look = keyof typeof LOOKS;

interface Processed {
  read: number;
  eventsPerSecond: number;
  cpuSeconds: number;
}

/** Reads the stream to its end as a browser does; asks the page's questions when something became final. */
async function watch(url: string, questions: readonly string[]): Promise<number> {
  let events = 0;
  let throughMs: number | undefined;
  let ended = false;
  const ask = async (question: string): Promise<void> => {
    let toldMs: number | undefined;
    while (!ended) {
      const fromMs = performance.now();
      if (throughMs !== undefined && throughMs !== toldMs) {
        toldMs = throughMs;
        await fetched(`${url}${question}&from=${toldMs - HOUR_MS}&to=${toldMs}`);
      }
      await delay(Math.max(ASK_EVERY_MS, REST * (performance.now() - fromMs)), undefined, { ref: false });
    }
  };
  const scrape = async (): Promise<void> => {
    while (!ended) {
      await fetched(`${url}/metrics`);
      await delay(SCRAPE_EVERY_MS, undefined, { ref: false });
    }
  };
  const response = await fetch(`${url}/api/live`);
  void Promise.all([scrape(), ...questions.map(ask)]);
  let rest = "";
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const told = `${rest}${chunk}`.split("\n\n");
      rest = told.pop()!;
      for (const event of told) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/m.exec(event) ?? [];
        if (data === undefined) continue;
        events++;
        const { throughMs: final } = JSON.parse(data) as { throughMs?: number };
        if (name === "final") throughMs = final;
      }
    }
  } catch {
    // The process has ended.
  }
  ended = true;
  return events;
}

/** The server may be gone at any moment: then there is no answer. */
async function fetched(url: string): Promise<void> {
  await fetch(url)
    .then((response) => response.arrayBuffer())
    .catch(() => {});
}

async function processed(command: readonly string[], folder: string, look: Look): Promise<Processed> {
  const questions = LOOKS[look];
  const port = await freePort();
  const http = questions === undefined ? [] : ["--http", String(port)];
  const child = spawn(process.execPath, [...command, ...http], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const printed = text(child.stdout);
  if (questions !== undefined) {
    const url = `http://127.0.0.1:${port}`;
    while (child.exitCode === null && !(await fetch(`${url}/livez`).catch(() => undefined))?.ok)
      await delay(20);
    const events = await watch(url, questions);
    if (events < 2) throw new Error(`the live stream told ${events} events`);
  }
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`process ended with ${code ?? signal}`);
  return JSON.parse(await printed) as Processed;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Prints what looking costs. `command` runs the engine over a topic to its end, but for --output; `folder` is where it may
 * leave its results.
 */
export async function benchPage(
  command: readonly string[],
  folder: string,
  print: (line: string) => void,
): Promise<void> {
  const looks = Object.keys(LOOKS) as Look[];
  const figures = new Map(looks.map((look) => [look, [] as Processed[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const look of looks) {
      const output = `looked-at-${look.replaceAll(" ", "-")}-${round}`;
      figures.get(look)!.push(await processed([...command, "--output", output], folder, look));
    }
  }
  const cpuOf = ({ cpuSeconds, read }: Processed): number => cpuSeconds / (read / 1e6);
  const alone = figures.get("nobody looks")!;
  const aloneSpeed = median(alone.map(({ eventsPerSecond }) => eventsPerSecond));
  const aloneCpu = median(alone.map(cpuOf));
  for (const look of looks) {
    const speed = median(figures.get(look)!.map(({ eventsPerSecond }) => eventsPerSecond));
    const cpu = median(figures.get(look)!.map(cpuOf));
    print(
      `process, ${look}: ${speed} events/s (${share(speed / aloneSpeed)}), ` +
        `${cpu.toFixed(2)} CPU-s per 1M events (speed by CPU ${share(aloneCpu / cpu)}), median of ${ROUNDS}`,
    );
  }
}

const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
