import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { RowShape } from "./columns.ts";
import type { DaySource } from "./day-sources.ts";

/** Row files that are read as one Parquet file. What it holds follows from its name, so that processes can share it. */
export interface Segment {
  query: string;
  /** `20261123-1440-5f1c….parquet`; of the newest day an hour at a time, `20261123T08-…`. */
  fileName: string;
  paths: readonly string[];
}

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
): { ready: string[]; segments: Segment[] } {
  const ready: string[] = [];
  const segments: Segment[] = [];
  const newest = sources.at(-1);
  for (const source of sources) {
    const day = source.day.replaceAll("-", "");
    if (source.kind === "parquet") ready.push(source.path);
    else if (source.kind === "json") segments.push(segment(shape, day, [source.path], source.sha256));
    else {
      const hours = Map.groupBy(source.files, ({ windowStartMs }) =>
        source === newest && windowStartMs !== undefined
          ? Math.floor(windowStartMs / HOUR_MS) % 24
          : undefined,
      );
      for (const [hour, files] of hours) {
        const name = hour === undefined ? day : `${day}T${String(hour).padStart(2, "0")}`;
        segments.push(
          segment(
            shape,
            name,
            files.map(({ path }) => path),
          ),
        );
      }
    }
  }
  return { ready, segments };
}

function segment(shape: RowShape, name: string, paths: readonly string[], sha256 = ""): Segment {
  const identity = JSON.stringify([SEGMENT_FORMAT, shape, sha256, paths.map((path) => basename(path))]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return { query: shape.query, fileName: `${name}-${paths.length}-${hash}.parquet`, paths };
}
