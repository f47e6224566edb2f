import { type AskedStretch, stretchOf } from "./asked-stretch.ts";
import {
  flowParameters,
  rankCursorText,
  readParameters,
  sessionPagesParameters,
  stretchParameters,
} from "./parameters.ts";
import { HttpProblem } from "./problems.ts";
import type { Route } from "./route.ts";
import { flowSchema, sessionPagesSchema, sessionsSchema } from "./sessions-contract.ts";
import type { History, KnownQuery, Stretch } from "./sources.ts";
import type { Turnstile } from "./turnstile.ts";

/** The routes that tell of whole sessions, where an output has them. */
export function sessionRoutes(history: History, turnstile: Turnstile): Route[] {
  const asked = async (
    isMeant: (query: KnownQuery) => boolean,
    stretch: AskedStretch,
  ): Promise<Stretch & { query: string }> => {
    const known = await history.known();
    const meant = known.find(isMeant);
    if (meant === undefined) {
      const has = known.some(hasSessions) ? "sessions, and no transitions" : "no whole sessions";
      throw new HttpProblem(
        "UNKNOWN_QUERY",
        `This output has ${has}: --sessions writes what the engine can.`,
      );
    }
    return { query: meant.name, ...(await stretchOf(stretch, meant.name, history)) };
  };
  return [
    {
      path: "/api/sessions",
      summary: "Whole sessions that ended in a stretch of time, and how long they were",
      query: stretchParameters,
      response: sessionsSchema,
      answer: async ({ query: given }) => {
        const stretch = readParameters(stretchParameters, given);
        return turnstile.pass(async () => {
          const request = await asked(hasSessions, stretch);
          return { ...request, ...(await history.sessions(request)) };
        });
      },
    },
    {
      path: "/api/sessions/pages",
      summary: "The pages on which most sessions begin or end",
      query: sessionPagesParameters,
      response: sessionPagesSchema,
      answer: async ({ query: given }) => {
        const { side, limit, cursor, search, ...stretch } = readParameters(sessionPagesParameters, given);
        return turnstile.pass(async () => {
          const request = await asked(hasSessions, stretch);
          const { next, ...found } = await history.sessionPages({
            ...{ ...request, side, limit, search },
            skip: cursor ?? 0,
          });
          return { ...request, side, ...found, nextCursor: rankCursorText(next) };
        });
      },
    },
    {
      path: "/api/flow",
      summary:
        "How often one page followed another within sessions, between the busiest pages and all others",
      query: flowParameters,
      response: flowSchema,
      answer: async ({ query: given }) => {
        const { pages, ...stretch } = readParameters(flowParameters, given);
        return turnstile.pass(async () => {
          const request = await asked(hasTransitions, stretch);
          return { ...request, ...(await history.flow({ ...request, pages })) };
        });
      },
    },
  ];
}

const keysOf = ({ columns }: KnownQuery): string[] =>
  columns.filter(({ role }) => role === "key").map(({ name }) => name);

function hasSessions(query: KnownQuery): boolean {
  return keysOf(query).join() === "session_id" && query.columns.some(({ name }) => name === "entry_page");
}

function hasTransitions(query: KnownQuery): boolean {
  return keysOf(query).join() === "from_page,to_page";
}
