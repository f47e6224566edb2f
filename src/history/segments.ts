import { createHash } from "node:crypto";
import { basename } from "node:path";
import { dayEndMs, dayStartMs } from "../sinks/archive-path.ts";
import type { RowShape } from "./columns.ts";
import type { DaySource } from "./day-sources.ts";
import type { StretchFile } from "./stretch-files.ts";

/** Row files that are read as one Parquet file. What it holds follows from its name, so that processes can share it. */
export interface Segment extends Pick<StretchFile, "fromMs" | "toMs" | "isSettled"> {
  query: string;
  /** `20261123-1440-5f1c….parquet`; of the newest day an hour at a time, `20261123T08-…`. */
  fileName: string;
  paths: readonly string[];
}

/** What a segment is made of, and where it lies in time. */
type Part = Omit<Segment, "query" | "fileName"> & { name: string; sha256?: string };

/** Changes whenever the same row files give other Parquet files. */
const SEGMENT_FORMAT = 1;
const HOUR_MS = 3_600_000;

/**
 * The Parquet files of a query: those that are there, and those to be made of row files. Older days are one segment each.
 * The newest one, which still grows, is in hours, so that a new window costs one hour's rows and not a day's.
 */
export function segmentsOf(
  shape: RowShape,
  sources: readonly DaySource[],
): { ready: StretchFile[]; segments: Segment[] } {
  const ready: StretchFile[] = [];
  const segments: Segment[] = [];
  const newest = sources.at(-1);
  for (const source of sources) {
    const isSettled = source !== newest;
    const day = { fromMs: dayStartMs(source.day), toMs: dayEndMs(source.day), isSettled };
    const name = source.day.replaceAll("-", "");
    if (source.kind === "parquet") ready.push({ path: source.path, identity: source.sha256, ...day });
    else if (source.kind === "json") {
      const { path, sha256 } = source;
      segments.push(segment(shape, { name, paths: [path], sha256, ...day }));
    } else {
      const hours = Map.groupBy(source.files, ({ windowStartMs }) =>
        isSettled || windowStartMs === undefined ? undefined : Math.floor(windowStartMs / HOUR_MS),
      );
      for (const [hour, files] of hours) {
        const part = hour === undefined ? { name, ...day } : hourOf(hour, name);
        segments.push(segment(shape, { ...part, paths: files.map(({ path }) => path) }));
      }
    }
  }
  return { ready, segments };
}

/** `hour` since the epoch. */
function hourOf(hour: number, day: string): Omit<Part, "paths"> {
  const name = `${day}T${String(hour % 24).padStart(2, "0")}`;
  return { name, fromMs: hour * HOUR_MS, toMs: (hour + 1) * HOUR_MS, isSettled: false };
}

function segment(shape: RowShape, { name, sha256 = "", paths, ...stretch }: Part): Segment {
  const identity = JSON.stringify([SEGMENT_FORMAT, shape, sha256, paths.map((path) => basename(path))]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return { query: shape.query, fileName: `${name}-${paths.length}-${hash}.parquet`, paths, ...stretch };
}
