import { type FileHandle, open, readFile } from "node:fs/promises";

/** Files read at once: enough to overlap the waits of a disk. */
const READ_AHEAD = 16;

/** A line that is longer than this is a long one. */
const LONG_LINE_BYTES = 1 << 16;

/** What was gathered. */
export interface Gathered {
  bytes: number;
  /** Bytes of the longest line, its end included. */
  longestLine: number;
  /** Bytes of all lines of more than 64 KB. */
  longBytes: number;
}

/**
 * Writes the lines of many files into one, in their order: DuckDB reads one large file several times as fast as many small
 * ones. `onFile` sees each file's bytes, and what it returns is written.
 * @throws the system's error when a file can't be read, such as ENOENT when it was moved meanwhile
 */
export async function gatherFiles(
  paths: readonly string[],
  target: string,
  onFile: (bytes: Buffer, index: number) => Buffer = (bytes) => bytes,
): Promise<Gathered> {
  const file = await open(target, "w");
  try {
    return await gatherInto(file, paths, onFile);
  } finally {
    await file.close();
  }
}

async function gatherInto(
  file: FileHandle,
  paths: readonly string[],
  onFile: (bytes: Buffer, index: number) => Buffer,
): Promise<Gathered> {
  const gathered = { bytes: 0, longestLine: 0, longBytes: 0 };
  for (let first = 0; first < paths.length; first += READ_AHEAD) {
    const contents = await Promise.all(paths.slice(first, first + READ_AHEAD).map((path) => readFile(path)));
    const written = contents.map((bytes, index) => onFile(bytes, first + index));
    for (const bytes of written) {
      measureLines(bytes, gathered);
    }
    await file.appendFile(Buffer.concat(written));
  }
  return gathered;
}

function measureLines(bytes: Buffer, gathered: Gathered): void {
  gathered.bytes += bytes.length;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found + 1;
    gathered.longestLine = Math.max(gathered.longestLine, end - start);
    if (end - start > LONG_LINE_BYTES) gathered.longBytes += end - start;
    start = end;
  }
}
