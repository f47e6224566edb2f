// What the page's questions to a month cost through the API, as a browser asks them: over HTTP, by the page's ranges.
import { OutputHistory } from "../src/app/web/output-history.ts";
import { outputSource } from "../src/app/web/sources.ts";
import { systemClock } from "../src/core/clock.ts";
import { startWebServer } from "../src/web/server.ts";

const RUNS = 25;
const HOUR_MS = 3_600_000;
/** The ranges of the page, with the step at which a chart of each takes windows. */
const RANGES = [
  { name: "1 h", hours: 1, step: "" },
  { name: "24 h", hours: 24, step: "&step=10m" },
  { name: "7 d", hours: 168, step: "&step=60m" },
  { name: "30 d", hours: 720, step: "&step=360m" },
] as const;

/** Paths by what they ask; `{id}` is another user each time. */
const QUESTIONS: Record<string, (step: string) => string> = {
  "windows: totals": (step) => `/api/windows?query=window_totals&limit=10000${step}`,
  "windows: devices": (step) => `/api/windows?query=device_counts&limit=10000${step}`,
  "windows: browsers": (step) => `/api/windows?query=browser_counts&limit=10000${step}`,
  "top: pages": () => "/api/top?query=url_counts&by=events&limit=10&points=40",
  "top: pages that hold a text": () => "/api/top?query=url_counts&by=users&limit=10&points=40&search=cart",
  "top: users": () => "/api/top?query=user_activity&by=events&limit=10&points=40",
  "a user": () => "/api/users/{id}?limit=400",
  "sessions: lengths": () => "/api/sessions?",
  "sessions: entry pages": () => "/api/sessions/pages?side=entry&limit=10",
  "sessions: exit pages that hold a text": () => "/api/sessions/pages?side=exit&limit=100&search=cart",
  "flow: busiest pages": () => "/api/flow?pages=8",
};

/** Median and p95 of times in ms. */
export function summary(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)} ms`;
  return `median ${at(0.5).padStart(7)}   p95 ${at(0.95).padStart(7)}`;
}

/** Prints how long the API takes over the results of `output`, whose last window starts before `endMs`. */
export async function benchApi(
  output: string,
  { endMs, users }: { endMs: number; users: readonly string[] },
  print: (line: string) => void,
): Promise<void> {
  await using history = new OutputHistory(output, systemClock);
  const server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    orAnyPort: false,
    token: undefined,
    clock: systemClock,
    version: "bench",
    pipeline: outputSource(output, systemClock),
    history,
    ready: () => ({ ok: true, checks: {} }),
    metrics: async () => ({ text: "", contentType: "text/plain" }),
    onError: (error) => print(`  failed: ${error}`),
  });
  const ask = async (path: string): Promise<number> => {
    const fromMs = performance.now();
    const response = await fetch(`${server.url}${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return performance.now() - fromMs;
  };
  try {
    print(`API, the first question: ${Math.round(await ask("/api/queries"))} ms`);
    const all: Record<string, number[]> = {};
    for (const [question, path] of Object.entries(QUESTIONS)) {
      for (const { name, hours, step } of RANGES) {
        const times: number[] = [];
        for (let run = 0; run < RUNS; run++) {
          // Another stretch each time, as windows become final.
          const toMs = endMs - run * 5 * 60_000;
          const stretch = `&from=${toMs - hours * HOUR_MS}&to=${toMs}`;
          const id = encodeURIComponent(users[run % users.length]!);
          times.push(await ask((path(step).replace("{id}", id) + stretch).replace("?&", "?")));
        }
        const [kind = ""] = question.split(":");
        all[kind] = [...(all[kind] ?? []), ...times];
        print(`  ${`${question}, ${name}`.padEnd(40)} ${summary(times)}`);
      }
    }
    for (const [kind, times] of Object.entries(all))
      print(`  ${`all of ${kind}`.padEnd(40)} ${summary(times)}`);
  } finally {
    await server.stop();
  }
}
