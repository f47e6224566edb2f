/** A day in UTC, `2026-11-23`. Days of four-digit years compare as their texts do. */
export type Day = string;

/** How archived days are stored. */
export type ArchiveFormat = "json" | "parquet";

/** Folder of archived days below the output folder. No query may have this name. */
export const ARCHIVE_FOLDER = "archive";

const DAY_MS = 86_400_000;
const DAY_FOLDER = /^date=(\d{4}-\d{2}-\d{2})$/;

/** The day of a moment, ms since the epoch. */
export function dayOf(timeMs: number): Day {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** First moment of a day, ms since the epoch. */
export function dayStartMs(day: Day): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

/** First moment after a day, ms since the epoch. */
export function dayEndMs(day: Day): number {
  return dayStartMs(day) + DAY_MS;
}

/** Folder of a day's windows in the folder of their query: `date=2026-11-23`. */
export function dayFolder(day: Day): string {
  return `date=${day}`;
}

/** The inverse of `dayFolder`; undefined for other folders. */
export function dayOfFolder(name: string): Day | undefined {
  return DAY_FOLDER.exec(name)?.[1];
}

/** Folder of an archived day, relative to the output folder. */
export function archivedDayFolder(query: string, day: Day): string {
  return `${ARCHIVE_FOLDER}/${query}/${dayFolder(day)}`;
}

/** File of an archived day in its folder: `20261123.parquet`. */
export function archivedFileName(day: Day, format: ArchiveFormat): string {
  return `${day.replaceAll("-", "")}.${format}`;
}

/** File of an archived day, relative to the output folder. */
export function archivedFile(query: string, day: Day, format: ArchiveFormat): string {
  return `${archivedDayFolder(query, day)}/${archivedFileName(day, format)}`;
}
