import { ClickstreamError } from "./errors.ts";

/** Something on disk whose format has a number that this program does not know. */
export interface NewerFormat {
  /** Ends in `_FORMAT`. */
  code: string;
  /** What and where: `The state in output/checkpoints/embedded/state.sqlite`. */
  what: string;
  found: number;
  /** The newest format that this program reads. */
  known: number;
}

/** Tells of something that a newer version of this program wrote. Whoever throws it has changed nothing. */
export function newerFormat({ code, what, found, known }: NewerFormat): ClickstreamError {
  return new ClickstreamError({
    code,
    message: `${what} has format ${found}; this program reads formats up to ${known}.`,
    nextStep:
      "It was left as it is. Run the version of clickstream that wrote it or a newer one, or use another --output.",
  });
}

/** The `format` of parsed JSON, when it is a whole number beyond the newest that is known. */
export function formatBeyond(known: number, value: unknown): number | undefined {
  const format = (value as { format?: unknown } | null)?.format;
  return typeof format === "number" && Number.isInteger(format) && format > known ? format : undefined;
}
