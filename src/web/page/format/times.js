/** Times and spans for people. All times are UTC, as in the rows and the names of the files. */
import { UNKNOWN } from "./numbers.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** "21:55". @param {number | null | undefined} timeMs */
export function formatMinute(timeMs) {
  return timeMs == null ? UNKNOWN : new Date(timeMs).toISOString().slice(11, 16);
}

/** "21:55:03". @param {number | null | undefined} timeMs */
export function formatSecond(timeMs) {
  return timeMs == null ? UNKNOWN : new Date(timeMs).toISOString().slice(11, 19);
}

/** "2026-11-23". @param {number | null | undefined} timeMs */
export function formatDay(timeMs) {
  return timeMs == null ? UNKNOWN : new Date(timeMs).toISOString().slice(0, 10);
}

/** "2026-11-23 21:55", with seconds when they are not zero. @param {number | null | undefined} timeMs */
export function formatMoment(timeMs) {
  if (timeMs == null) return UNKNOWN;
  return new Date(timeMs)
    .toISOString()
    .slice(0, timeMs % MINUTE_MS === 0 ? 16 : 19)
    .replace("T", " ");
}

/** "11-23 21:55:03", for cells of tables. @param {number} timeMs */
export function formatInstant(timeMs) {
  return Number.isFinite(timeMs) ? new Date(timeMs).toISOString().slice(5, 19).replace("T", " ") : UNKNOWN;
}

/** A mark on an axis: as fine as the marks are apart, and the day where one begins. @param {number} timeMs @param {number} stepMs */
export function formatTick(timeMs, stepMs) {
  if (timeMs % DAY_MS === 0) return formatDay(timeMs).slice(5);
  return stepMs < MINUTE_MS ? formatSecond(timeMs) : formatMinute(timeMs);
}

/** "21:55–22:00", with the day where it is not that of `besideMs`. @param {number} startMs @param {number} endMs @param {number | null} [besideMs] */
export function formatWindow(startMs, endMs, besideMs = null) {
  const day = besideMs !== null && formatDay(besideMs) === formatDay(startMs) ? "" : `${formatDay(startMs)} `;
  const fine = startMs % MINUTE_MS !== 0 || endMs % MINUTE_MS !== 0;
  const time = fine ? formatSecond : formatMinute;
  return `${day}${time(startMs)}–${time(endMs)}`;
}

/** "58 ms", "4.2 s", "3 min 05 s", "2 h 10 min", "4 d 3 h". @param {number | null | undefined} spanMs @returns {string} */
export function formatSpan(spanMs) {
  if (spanMs == null || !Number.isFinite(spanMs)) return UNKNOWN;
  if (spanMs < 0) return `−${formatSpan(-spanMs)}`;
  if (spanMs < 999.5) return `${Math.round(spanMs)} ms`;
  if (spanMs < 59_950) return `${(spanMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(spanMs / 1000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (spanMs < DAY_MS)
    return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} min`;
  return `${Math.floor(spanMs / DAY_MS)} d ${Math.floor((spanMs % DAY_MS) / HOUR_MS)} h`;
}

/** "50 s", "1:40", "2:05 h", for axes. @param {number} spanMs */
export function formatShortSpan(spanMs) {
  const seconds = Math.round(spanMs / 1000);
  if (seconds < 60) return spanMs > 0 && spanMs < 10_000 ? `${spanMs / 1000} s` : `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor((seconds % 3_600) / 60))} h`;
}

/** Calm ages: "now", "4 s ago", "3 min ago". @param {number | null} ageMs */
export function formatAge(ageMs) {
  if (ageMs === null) return UNKNOWN;
  if (ageMs < 1_500) return "now";
  if (ageMs < MINUTE_MS) return `${Math.floor(ageMs / 1000)} s ago`;
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min ago`;
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h ago`;
  return `${Math.floor(ageMs / DAY_MS)} d ago`;
}

/** A setting as it is written: "5 min", "1 h", "90 s". @param {number} durationMs */
export function formatDuration(durationMs) {
  /** @type {readonly [number, string][]} */
  const units = [
    [DAY_MS, "d"],
    [HOUR_MS, "h"],
    [MINUTE_MS, "min"],
    [1_000, "s"],
  ];
  const fitting = units.find(([size]) => durationMs >= size && durationMs % size === 0);
  return fitting === undefined ? `${durationMs} ms` : `${durationMs / fitting[0]} ${fitting[1]}`;
}
