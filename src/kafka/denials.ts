import { ClickstreamError } from "../core/errors.ts";

/** Kafka's authorisation errors: what the client lacks, and how to give it. */
const DENIALS: Record<number, string> = {
  29: "on the topic",
  30: "on the group",
  31: "on the cluster",
  53: "on the transactional id",
};

/** Whether an error code says that an access control list lacks this client. */
export function isDenial(errorCode: number): boolean {
  return errorCode in DENIALS;
}

/** What a person can do about such an error code. */
export function denialStep(errorCode: number): string {
  return `Give this client's user the right ${DENIALS[errorCode]} (an ACL; the README lists those that are needed).`;
}

/** KAFKA_DENIED: the broker knows who asks, and this user lacks a right. */
export function denied(what: string, errorCode: number): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_DENIED",
    message: `Kafka refuses to ${what}: this client's user lacks the right ${DENIALS[errorCode]} (a missing ACL).`,
    nextStep: denialStep(errorCode),
  });
}
