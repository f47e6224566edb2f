import type { Letter } from "./letter.ts";

/** Which letters are meant. */
export interface LetterSelection {
  /** Topic of the events. */
  topic: string;
  /** None means every reason; `missing_field` covers `missing_field:url`. */
  reasons: readonly string[];
  /** Records of events before it are left out, ms since the epoch. */
  sinceMs: number | undefined;
}

/** Whether a letter is meant. */
export function isSelected({ origin, reason, timestampMs }: Letter, selection: LetterSelection): boolean {
  const { topic, reasons, sinceMs } = selection;
  if (origin.topic !== topic) return false;
  if (sinceMs !== undefined && timestampMs < sinceMs) return false;
  return reasons.length === 0 || reasons.some((name) => reason === name || reason.startsWith(`${name}:`));
}
