const WINDOW_FILE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.json$/;

/** Folder of a query's windows that start on a day, relative to the output folder: `url_counts/date=2026-11-23`. */
export function windowFolder(query: string, windowStartMs: number): string {
  return `${query}/date=${new Date(windowStartMs).toISOString().slice(0, 10)}`;
}

/** File of a window in its folder: `20261123T080500Z.json`. Without colons, which Hadoop paths refuse. */
export function windowFileName(windowStartMs: number): string {
  return `${new Date(windowStartMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z.json`;
}

/** The inverse of `windowFileName`; undefined for a file that holds no window. */
export function windowStartOf(fileName: string): number | undefined {
  const match = WINDOW_FILE.exec(fileName);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const startMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  return Number.isNaN(startMs) ? undefined : startMs;
}
