import type { Problem } from "./api.ts";

const KINDS = {
  BAD_PARAMETER: { status: 400, title: "A parameter can't be used" },
  BAD_REQUEST: { status: 400, title: "The request can't be understood" },
  UNAUTHORISED: { status: 401, title: "A token is needed" },
  UNSAFE_REQUEST: { status: 403, title: "Changes need more than a simple request" },
  FOREIGN_ORIGIN: { status: 403, title: "Asked for by a page of another site" },
  NOT_FOUND: { status: 404, title: "There is nothing there" },
  UNKNOWN_QUERY: { status: 404, title: "There is no such query" },
  METHOD_NOT_ALLOWED: { status: 405, title: "Not this method" },
  REPLAY_IMPOSSIBLE: { status: 409, title: "Nothing can be replayed here" },
  REPLAY_RUNS: { status: 409, title: "Another replay is under way" },
  UNCONFIRMED: { status: 409, title: "A plan comes first" },
  FOREIGN_HOST: { status: 421, title: "Not the name of this server" },
  TOO_LARGE: { status: 413, title: "The request is too large" },
  INTERNAL: { status: 500, title: "The server failed" },
  BUSY: { status: 503, title: "Too much at once" },
  UNAVAILABLE: { status: 503, title: "Not to be had now" },
  TOO_LONG: { status: 503, title: "The answer took too long" },
} as const;

export type ProblemCode = keyof typeof KINDS;

/** Thrown by whatever answers a request; told to the client as it is. */
export class HttpProblem extends Error {
  readonly problem: Problem;

  constructor(code: ProblemCode, detail: string, parameters?: Problem["parameters"]) {
    super(detail);
    this.name = "HttpProblem";
    this.problem = {
      type: `urn:clickstream:${code.toLowerCase()}`,
      ...KINDS[code],
      detail,
      code,
      ...(parameters === undefined ? {} : { parameters }),
    };
  }
}
