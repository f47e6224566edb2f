import {
  formatCount,
  formatMinute,
  formatShare,
  formatShortCount,
  formatTook,
} from "../numbers-for-people.ts";
import type { Style } from "../terminal.ts";
import { bar } from "./bar.ts";
import { postgresText } from "./postgres-text.ts";
import type { EngineSnapshot, PipelineSnapshot, ProducerSnapshot } from "./snapshot.ts";
import { sparkFacts } from "./spark-facts.ts";

const LABEL_WIDTH = 11;
const WIDEST = 100;
/** Below it numbers are shortened and details left out. */
const NARROW = 60;

/** How a view is laid out. */
interface Layout {
  width: number;
  style: Style;
  count: (value: number | null) => string;
}

/** The view of a running pipeline for a terminal: one line a fact, none longer than `width` columns. */
export function renderView(snapshot: PipelineSnapshot, options: { width: number; style: Style }): string {
  const width = Math.max(20, Math.min(WIDEST, options.width - 1)); // the last column would wrap in some terminals
  const narrow = width < NARROW;
  const layout = { width, style: options.style, count: narrow ? formatShortCount : formatCount };
  const { producer, engine } = snapshot;
  return [
    ...(producer === null ? [] : producedLines(producer, layout)),
    ...(engine === null ? [] : processedLines(engine, producer, layout)),
    ...(producer === null ? [] : inLines(producer, layout)),
    ...(engine === null ? [] : outLines(engine, layout)),
    line("elapsed", formatTook(snapshot.elapsedMs), layout),
  ].join("\n");
}

function producedLines({ produced, total, live }: ProducerSnapshot, layout: Layout): string[] {
  if (live) return [line("produced", `${layout.count(produced)}, live since ${layout.count(total)}`, layout)];
  return [barLine("produced", produced, total, layout)];
}

function processedLines(engine: EngineSnapshot, producer: ProducerSnapshot | null, layout: Layout): string[] {
  const onTopic = engine.read + (engine.lag ?? 0);
  const total = producer === null || producer.live ? onTopic : Math.max(producer.total, engine.read);
  return [
    barLine("processed", engine.read, total, layout),
    engine.lag === null ? line("lag", "–", layout) : barLine("lag", engine.lag, onTopic, layout, "events"),
  ];
}

function inLines({ perSecond, batchMs, batchEvents }: ProducerSnapshot, layout: Layout): string[] {
  return [
    line("in", `${layout.count(perSecond)} events/s`, layout),
    line("batches", `${layout.count(batchEvents)} events in ${tookList(batchMs)}`, layout),
  ];
}

function outLines(engine: EngineSnapshot, layout: Layout): string[] {
  const { count, style } = layout;
  const yellow = (text: string) => style("yellow", text);
  const deadTotal = Object.values(engine.dead).reduce((sum, events) => sum + events, 0);
  const reasons = Object.entries(engine.spark === undefined ? engine.dead : {})
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([reason, events]) => `${reason} ${count(events)}`);
  const through = engine.watermarkMs === null ? "" : `, through ${formatMinute(engine.watermarkMs)} UTC`;
  return [
    line("out", `${count(engine.perSecond)} events/s`, layout),
    line("commits", `${count(engine.commits)}, the last in ${tookList(engine.commitMs)}`, layout),
    line(
      "windows",
      `${count(engine.windowsClosed)} closed, ${count(engine.windowsOpen)} open${through}`,
      layout,
    ),
    ...(engine.duplicates === undefined ? [] : [line("duplicates", count(engine.duplicates), layout)]),
    ...(engine.spark === undefined
      ? [line("late", count(engine.late), layout, engine.late > 0 ? yellow : undefined)]
      : sparkFacts(engine.spark, count).map(({ label, text, isWarning }) =>
          line(label, text, layout, isWarning ? yellow : undefined),
        )),
    line("dead", [count(deadTotal), ...reasons].join("  "), layout, deadTotal > 0 ? yellow : undefined),
    ...postgresLines(engine, layout),
  ];
}

function postgresLines({ postgres }: EngineSnapshot, layout: Layout): string[] {
  if (postgres === undefined) return [];
  const format = postgres.trouble === null ? undefined : (text: string) => layout.style("yellow", text);
  return [line("postgres", postgresText(postgres, layout.count), layout, format)];
}

/** `processed  ━━━━━━━━╸───  62.0 %   6,200,000 of 10,000,000`, or with a unit `lag  ━━━──  400,000 events`. */
function barLine(label: string, part: number, whole: number, layout: Layout, unit?: string): string {
  const { count, width, style } = layout;
  const amount = count(part).padStart(count(whole).length);
  const numbers =
    unit === undefined
      ? `${formatShare(part, whole).padStart(7)}  ${amount} of ${count(whole)}`
      : `${" ".repeat(7)}  ${amount} ${unit}`;
  const reserved = Math.max(numbers.length, 9 + 2 * count(whole).length + 4);
  const room = width - LABEL_WIDTH - reserved - 2;
  if (room < 5) return line(label, numbers.trim(), layout);
  return `${style("dim", label.padEnd(LABEL_WIDTH))}${bar(whole === 0 ? 0 : part / whole, room, style)}  ${numbers}`;
}

function line(
  label: string,
  text: string,
  { width, style }: Layout,
  format = (shown: string) => shown,
): string {
  const room = width - LABEL_WIDTH;
  const cut = text.length > room ? `${text.slice(0, room - 1)}…` : text;
  return style("dim", label.padEnd(LABEL_WIDTH)) + format(cut);
}

const tookList = (durationsMs: readonly number[]): string =>
  durationsMs.length === 0 ? "–" : durationsMs.slice(0, 4).map(formatTook).join(" · ");
