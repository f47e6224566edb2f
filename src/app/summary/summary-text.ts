import { formatDuration } from "../../core/durations.ts";
import type { WindowLengths } from "../../queries/plan.ts";
import type { Accounting } from "../../sinks/manifest.ts";
import { formatCount, formatMinute, formatShare, formatTook } from "../numbers-for-people.ts";
import type { PostgresSnapshot } from "../progress/snapshot.ts";
import type { Style } from "../terminal.ts";
import type { Named, Summary } from "./summary.ts";

/** What the summary tells beside the rows. */
export interface RunFigures {
  accounting: Accounting;
  /** Those of the pipeline first, then those of queries that have their own. */
  windows: readonly WindowLengths[];
  windowsClosed: number;
  /** Mean events a second while producing in this run; null when nothing was produced. */
  producedPerSecond: number | null;
  /** Mean events a second from first fetch to last commit of this run; null when nothing was read. */
  processedPerSecond: number | null;
  /** What went to PostgreSQL; undefined where results go into files alone. */
  postgres: PostgresSnapshot | undefined;
}

const LABEL_WIDTH = 28;
const NUMBER_WIDTH = 13;
const MOST_REASONS = 6;
const DAY_MS = 86_400_000;

/** The summary for people at the end of a run. */
export function renderSummary(summary: Summary, figures: RunFigures, style: Style): string {
  const sections = [
    section("Events", totalLines(figures), style),
    section("Top pages", shareLines(summary.topPages, summary.events), style),
    section("Peak minutes (UTC)", peakLines(summary), style),
    section("Devices", shareLines(summary.devices, summary.events), style),
    section("Visitors", visitorLines(summary), style),
    section("PostgreSQL", postgresLines(figures), style),
  ];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

function totalLines(figures: RunFigures): string[] {
  const { read, counted, duplicates, late, dead } = figures.accounting;
  const deadTotal = Object.values(dead).reduce((sum, events) => sum + events, 0);
  const reasons = Object.entries(dead).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const shown = reasons.length <= MOST_REASONS + 1 ? reasons : reasons.slice(0, MOST_REASONS);
  const others = reasons.slice(shown.length);
  if (others.length > 0) {
    shown.push([`${others.length} other reasons`, others.reduce((sum, [, events]) => sum + events, 0)]);
  }
  return [
    line("read", formatCount(read)),
    line("counted", formatCount(counted), share(counted, read)),
    ...(duplicates === undefined
      ? []
      : [line("duplicates", formatCount(duplicates), share(duplicates, read))]),
    line("late", formatCount(late), share(late, read)),
    line("dead letters", formatCount(deadTotal), share(deadTotal, read)),
    ...shown.map(([reason, events]) => line(`  ${reason}`, formatCount(events), share(events, read))),
    line(
      "windows closed",
      formatCount(figures.windowsClosed),
      `of ${figures.windows.map(formatWindows).join(", ")}`,
    ),
    ...rateLine("produced", figures.producedPerSecond),
    ...rateLine("processed", figures.processedPerSecond),
  ];
}

function formatWindows({ sizeMs, slideMs }: WindowLengths): string {
  const size = formatDuration(sizeMs);
  return slideMs === sizeMs ? size : `${size} every ${formatDuration(slideMs)}`;
}

/** `2026-11-23 08:01–08:06`; whole days as `2026-11-23` or `2026-11-23–2026-11-29`. */
function formatStretch(startMs: number, endMs: number): string {
  if (startMs % DAY_MS !== 0 || endMs % DAY_MS !== 0) {
    return `${formatMinute(startMs)}–${formatMinute(endMs).slice(-5)}`;
  }
  const [first, last] = [startMs, endMs - DAY_MS].map((dayMs) => formatMinute(dayMs).slice(0, 10));
  return first === last ? `${first}` : `${first}–${last}`;
}

function rateLine(label: string, perSecond: number | null): string[] {
  return perSecond === null ? [] : [line(label, formatCount(perSecond), "events/s")];
}

function shareLines(named: readonly Named[], total: number): string[] {
  return named.map(({ name, events }) => line(name, formatCount(events), share(events, total)));
}

function peakLines({ peaks }: Summary): string[] {
  return peaks.map(({ startMs, endMs, events }) => {
    return line(
      formatStretch(startMs, endMs),
      formatCount((events * 60_000) / (endMs - startMs)),
      "events a minute",
    );
  });
}

function visitorLines(summary: Summary): string[] {
  const { activeUsers, usersPerWindow, meanSessionSeconds, wholeSessions, span } = summary;
  const lines: string[] = [];
  if (activeUsers !== null) lines.push(line("active users", formatCount(activeUsers)));
  if (usersPerWindow !== null)
    lines.push(line("users in a window", formatCount(usersPerWindow), "on average"));
  if (meanSessionSeconds !== null) {
    lines.push(line("mean session", formatTook(meanSessionSeconds * 1_000), "within a window"));
  }
  if (wholeSessions !== null) {
    const { count, meanSeconds, bounceShare } = wholeSessions;
    const of = `of ${formatTook(meanSeconds * 1_000)} on average, ${formatShare(bounceShare, 1)} of one page`;
    lines.push(line("whole sessions", formatCount(count), of));
  }
  if (span !== null) {
    const times = `${formatMinute(span.fromMs)} to ${formatMinute(span.toMs)} UTC`;
    lines.push(line("covered time", formatTook(span.toMs - span.fromMs), times));
  }
  return lines;
}

function postgresLines({ postgres }: RunFigures): string[] {
  if (postgres === undefined) return [];
  const { rows, windows, waiting, trouble } = postgres;
  const why = trouble === null ? "" : `: ${trouble}`;
  return [
    line("rows written", formatCount(rows), `of ${formatCount(windows)} windows, in this run`),
    line("windows that wait", formatCount(waiting), waiting === 0 ? "" : `for the next run${why}`),
  ];
}

const share = (part: number, whole: number): string => formatShare(part, whole).padStart(7);

function line(label: string, value: string, note = ""): string {
  const shown =
    label.length > LABEL_WIDTH ? `${label.slice(0, LABEL_WIDTH - 1)}…` : label.padEnd(LABEL_WIDTH);
  return `  ${shown}${value.padStart(NUMBER_WIDTH)}  ${note}`.trimEnd();
}

function section(title: string, lines: readonly string[], style: Style): string {
  return lines.length === 0 ? "" : [style("bold", title), ...lines].join("\n");
}
