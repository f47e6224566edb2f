// Processes what a topic holds and prints the busiest pages: node report.ts [brokers] [topic]
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ClickstreamError, process as processEvents } from "clickstream";
import { config } from "./funnel.ts";

const [brokers = "127.0.0.1:9092", topic = "clickstream"] = process.argv.slice(2);
const output = "funnel-results";

interface Row {
  url: string;
  events: number;
}

try {
  const result = await processEvents({ ...config, brokers, topic, output, untilEnd: true, finish: true });
  const { read, counted, late, windows } = result;
  process.stdout.write(`${read} read, ${counted} counted, ${late} late, ${windows} windows\n`);
  for (const [url, events] of busiestPages().slice(0, 5)) process.stdout.write(`${events}\t${url}\n`);
} catch (error) {
  if (!(error instanceof ClickstreamError)) throw error;
  process.stderr.write(`${error.message}\n${error.nextStep}\n`);
  process.exitCode = 1;
}

/** Pages with the events that one of their windows held at most, by device together, most first. */
function busiestPages(): [string, number][] {
  const pages = new Map<string, number>();
  for (const file of globSync("funnel/date=*/*.json", { cwd: output })) {
    for (const [url, events] of eventsByPage(readFileSync(join(output, file), "utf8"))) {
      pages.set(url, Math.max(events, pages.get(url) ?? 0));
    }
  }
  return [...pages].sort(([, a], [, b]) => b - a);
}

function eventsByPage(file: string): Map<string, number> {
  const pages = new Map<string, number>();
  for (const line of file.trimEnd().split("\n")) {
    const { url, events } = JSON.parse(line) as Row;
    pages.set(url, events + (pages.get(url) ?? 0));
  }
  return pages;
}
