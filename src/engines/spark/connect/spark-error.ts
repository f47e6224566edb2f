import { Code, type ConnectError } from "@connectrpc/connect";
import { ClickstreamError } from "../../../core/errors.ts";
import { type ErrorInfo, ErrorInfoSchema } from "./generated/google/rpc/error_details_pb.js";
import type { FetchErrorDetailsResponse } from "./generated/spark/connect/base_pb.js";
import { wayTrouble } from "./way-trouble.ts";

/** What kind of failure it is, by what the caller does next. */
export type SparkErrorCode =
  /** No answer, after all retries: wait, and connect again. */
  | "SPARK_UNREACHABLE"
  /** The server does not know the session, or closed it: open a new one. */
  | "SPARK_SESSION_GONE"
  /** The server does not know the operation any more. Whether it was done is unknown: look, and do it again. */
  | "SPARK_OPERATION_GONE"
  /** A wrong or missing token, or a right that is missing. */
  | "SPARK_DENIED"
  /** Its certificate does not prove that it is the server that was meant. */
  | "SPARK_UNTRUSTED"
  /** What answers is no Spark Connect server, or speaks TLS where the address does not, or the other way round. */
  | "SPARK_OTHER_PROTOCOL"
  /** A server that this client is not made for. */
  | "SPARK_TOO_OLD"
  /** Spark itself refused or failed, for the reason that `errorClass` names. */
  | "SPARK_FAILED";

/** What Spark tells of an error. */
export interface SparkErrorFacts {
  /** Such as `UNRESOLVED_COLUMN.WITH_SUGGESTION`; null when Spark gives none. */
  errorClass: string | null;
  /** Such as `42703`. */
  sqlState: string | null;
  /** The part of the SQL that it is about. */
  fragment: string | null;
  /** Names of the exception's Java class and of those above it. */
  exceptionClasses: readonly string[];
}

/** A failure of a Spark server or of the way to it. The whole of Spark's message is in `cause`. */
export class SparkError extends ClickstreamError implements SparkErrorFacts {
  declare readonly code: SparkErrorCode;
  readonly errorClass: string | null;
  readonly sqlState: string | null;
  readonly fragment: string | null;
  readonly exceptionClasses: readonly string[];

  constructor(
    details: { code: SparkErrorCode; message: string; nextStep: string; cause?: unknown },
    facts: Partial<SparkErrorFacts> = {},
  ) {
    super(details);
    this.name = "SparkError";
    this.errorClass = facts.errorClass ?? null;
    this.sqlState = facts.sqlState ?? null;
    this.fragment = facts.fragment ?? null;
    this.exceptionClasses = facts.exceptionClasses ?? [];
  }
}

const LONGEST_MESSAGE = 400;
const NEXT_STEPS: Record<Exclude<SparkErrorCode, "SPARK_UNTRUSTED" | "SPARK_OTHER_PROTOCOL">, string> = {
  SPARK_UNREACHABLE:
    "Check that the Connect server runs there, that the network lets this machine reach it, and whether it wants use_ssl=true.",
  SPARK_SESSION_GONE: "Open a new session; queries start again from their checkpoints.",
  SPARK_OPERATION_GONE: "Look whether it was done, and do it again if not.",
  SPARK_DENIED: "Check the token and the rights of its user.",
  SPARK_TOO_OLD: "Use a Spark Connect server of version 4.2 or newer.",
  SPARK_FAILED: "The error class is explained in Spark's documentation of error conditions.",
};

/** What the server attached to an error; undefined when it came from the way to it. */
export function errorInfo(error: ConnectError): ErrorInfo | undefined {
  return error.findDetails(ErrorInfoSchema)[0];
}

/**
 * Whether the same request may succeed a little later: no answer came, or the stream broke. What Spark itself answered is
 * final, an unknown handle (`INVALID_HANDLE.*`) above all.
 */
export function isTransient(error: ConnectError): boolean {
  if (error.message.includes("INVALID_CURSOR.DISCONNECTED")) return true;
  if (errorInfo(error) !== undefined || handleProblem(error) !== undefined) return false;
  if (wayTrouble(error) !== undefined) return false;
  return [Code.Unavailable, Code.Aborted, Code.Canceled, Code.Internal, Code.Unknown].includes(error.code);
}

/** `SESSION_NOT_FOUND`, `OPERATION_NOT_FOUND` … of an `INVALID_HANDLE` error. */
export function handleProblem(error: ConnectError): string | undefined {
  return /INVALID_HANDLE\.([A-Z_]+)/.exec(`${error.message} ${errorInfo(error)?.metadata.errorClass}`)?.[1];
}

/** The error for people and programs of a failed request to `server`. */
export function sparkError(
  error: ConnectError,
  server: string,
  fetched?: FetchErrorDetailsResponse | undefined,
): SparkError {
  const trouble = errorInfo(error) === undefined ? wayTrouble(error) : undefined;
  if (trouble !== undefined) {
    const { code, said, nextStep } = trouble;
    const subject = code === "SPARK_UNTRUSTED" ? "Spark" : "What listens";
    return new SparkError({ code, message: `${subject} at ${server} ${said}.`, nextStep, cause: error });
  }
  const facts = { ...factsOf(errorInfo(error)), ...fetchedFacts(fetched) };
  const code = codeOf(error);
  const nextStep = NEXT_STEPS[code];
  return new SparkError(
    { code, message: messageOf(code, error, server, facts), nextStep, cause: error },
    facts,
  );
}

function codeOf(error: ConnectError): keyof typeof NEXT_STEPS {
  const handle = handleProblem(error);
  if (handle !== undefined)
    return handle.startsWith("SESSION") ? "SPARK_SESSION_GONE" : "SPARK_OPERATION_GONE";
  if (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied) return "SPARK_DENIED";
  const noAnswer = error.code === Code.DeadlineExceeded || isTransient(error);
  return noAnswer ? "SPARK_UNREACHABLE" : "SPARK_FAILED";
}

function messageOf(
  code: SparkErrorCode,
  error: ConnectError,
  server: string,
  { fragment = null }: Partial<SparkErrorFacts>,
): string {
  const said = firstParagraph(error.rawMessage);
  if (code === "SPARK_UNREACHABLE") return `Spark at ${server} does not answer (${said}).`;
  if (code === "SPARK_DENIED") return `Spark at ${server} refuses access (${said}).`;
  const about = fragment === null || fragment === "" ? "" : ` It is about: ${clipped(oneLine(fragment))}`;
  return `Spark at ${server} answers: ${said}${about}`;
}

/** Spark's messages go on with plans and stack traces. */
function firstParagraph(message: string): string {
  const end = message.search(/\n\s*(?:\n|at |==|'|\+-|JVM stacktrace)/);
  return clipped(oneLine(end < 0 ? message : message.slice(0, end)));
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
const clipped = (text: string): string =>
  text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`;

function factsOf(info: ErrorInfo | undefined): Partial<SparkErrorFacts> {
  if (info === undefined) return {};
  const { errorClass, sqlState, classes } = info.metadata;
  return {
    ...(errorClass ? { errorClass } : {}),
    ...(sqlState ? { sqlState } : {}),
    exceptionClasses: namesOf(classes) ?? [info.reason],
  };
}

function namesOf(json: string | undefined): string[] | undefined {
  try {
    const names: unknown = JSON.parse(json ?? "");
    return Array.isArray(names) ? names.map(String) : undefined;
  } catch {
    return undefined; // servers cut long metadata
  }
}

function fetchedFacts(response: FetchErrorDetailsResponse | undefined): Partial<SparkErrorFacts> {
  const root = response?.errors[response.rootErrorIdx ?? -1];
  if (root === undefined) return {};
  const { sparkThrowable, errorTypeHierarchy } = root;
  const fragment = sparkThrowable?.queryContexts.find((context) => context.fragment !== "")?.fragment;
  return {
    ...(sparkThrowable?.errorClass ? { errorClass: sparkThrowable.errorClass } : {}),
    ...(sparkThrowable?.sqlState ? { sqlState: sparkThrowable.sqlState } : {}),
    ...(fragment === undefined ? {} : { fragment }),
    ...(errorTypeHierarchy.length === 0 ? {} : { exceptionClasses: errorTypeHierarchy }),
  };
}
