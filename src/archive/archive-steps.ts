/** The points between two effects on disk, in their order. Tests crash at each. */
export const ARCHIVE_STEPS = [
  "begun",
  "rows gathered",
  "day written",
  "day checked",
  "windows listed",
  "day in place",
  "index replaced",
  "window files gone",
] as const;

/** Called at each step. */
export type OnStep = (step: (typeof ARCHIVE_STEPS)[number]) => void;
