// What looking costs: `process` alone, against the same with its page served, its metrics scraped and its live stream read,
// and against the same with all that an open page asks. The three take turns, because machines are noisy. Each runs over a
// small topic and a large one: the difference is what events cost, without what starting costs once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessResult } from "../src/app/process.ts";
import { freePort } from "../src/local/ports.ts";

const ROUNDS = 9;
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
  /** From the first fetch to the last commit. */
  seconds: number;
  /** Of the whole process. */
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
  const http = ["--http", questions === undefined ? "off" : String(port)];
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
  const { read, eventsPerSecond, cpuSeconds } = JSON.parse(await printed) as ProcessResult;
  return { read, seconds: read / eventsPerSecond, cpuSeconds };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Prints what looking costs. `command` runs the engine over a topic to its end, but for --topic and --output; `folder` is
 * where it may leave its results.
 */
export async function benchPage(
  command: readonly string[],
  { folder, topics }: { folder: string; topics: { small: string; large: string } },
  print: (line: string) => void,
): Promise<void> {
  const looks = Object.keys(LOOKS) as Look[];
  const whole = new Map(looks.map((look) => [look, [] as Processed[]]));
  const steady = new Map(looks.map((look) => [look, [] as Processed[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const look of looks) {
      const over = (topic: string): Promise<Processed> => {
        const output = `${topic}-${look.replaceAll(" ", "-")}-${round}`;
        return processed([...command, "--topic", topic, "--output", output], folder, look);
      };
      const small = await over(topics.small);
      const large = await over(topics.large);
      whole.get(look)!.push(large);
      steady.get(look)!.push({
        read: large.read - small.read,
        seconds: large.seconds - small.seconds,
        cpuSeconds: large.cpuSeconds - small.cpuSeconds,
      });
    }
  }
  for (const [what, figures] of Object.entries({ "whole run": whole, "without its start": steady })) {
    const [alone, ...others] = looks.map((look) => medians(figures.get(look)!));
    print(`${what}, nobody looks: ${shown(alone!)}`);
    others.forEach((other, index) => {
      print(
        `${what}, ${looks[index + 1]}: ${shown(other)}, speed ${share(alone!.wallMicros / other.wallMicros)}, ` +
          `by CPU ${share(alone!.cpuMicros / other.cpuMicros)}`,
      );
    });
  }
}

interface Cost {
  /** µs an event. */
  wallMicros: number;
  cpuMicros: number;
}

function medians(runs: readonly Processed[]): Cost {
  return {
    wallMicros: median(runs.map(({ seconds, read }) => (seconds * 1e6) / read)),
    cpuMicros: median(runs.map(({ cpuSeconds, read }) => (cpuSeconds * 1e6) / read)),
  };
}

const shown = ({ wallMicros, cpuMicros }: Cost): string =>
  `${Math.round(1e6 / wallMicros)} events/s, ${cpuMicros.toFixed(3)} CPU-µs an event (median of ${ROUNDS})`;

const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
