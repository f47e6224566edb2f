import { ClickstreamError } from "../core/errors.ts";

/** What a broker says once it will say again, however often it is asked. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  "KAFKA_VERSION_UNSUPPORTED",
  "PRODUCE_DENIED",
  "KAFKA_AUTHENTICATION_FAILED",
  "KAFKA_TLS",
  "KAFKA_DENIED",
  "TLS_FILE_UNUSABLE",
  "SECRET_UNREADABLE",
]);

/** Whether an error can't go away by asking again: a defect of this program, or a broker that will never agree. */
export function isFinal(error: unknown): boolean {
  return !(error instanceof ClickstreamError) || FINAL_CODES.has(error.code);
}
