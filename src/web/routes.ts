import { pipelineSchema, queriesSchema, topSchema, userSchema, windowsSchema } from "./api.ts";
import { stretchOf } from "./asked-stretch.ts";
import {
  cursorText,
  noParameters,
  readParameters,
  topParameters,
  userParameters,
  userPath,
  windowsParameters,
} from "./parameters.ts";
import { HttpProblem } from "./problems.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./session-routes.ts";
import type { History, KnownQuery, PipelineSource } from "./sources.ts";
import { Turnstile } from "./turnstile.ts";

/** The routes that answer with JSON, over these sources. */
export function apiRoutes(pipeline: PipelineSource, history: History): Route[] {
  const turnstile = new Turnstile();
  return [
    {
      path: "/api/queries",
      summary: "The queries of this output: their windows, keys and measures, and what is there",
      query: noParameters,
      response: queriesSchema,
      answer: ({ query }) => {
        readParameters(noParameters, query);
        return turnstile.pass(() => history.queries());
      },
    },
    {
      path: "/api/windows",
      summary: "Final rows of a query, window by window",
      query: windowsParameters,
      response: windowsSchema,
      answer: async ({ query: given }) => {
        const { query, step, limit, cursor, ...stretch } = readParameters(windowsParameters, given);
        return turnstile.pass(async () => {
          known(await history.known(), query);
          const asked = { query, ...(await stretchOf(stretch, query, history)) };
          const page = await history.windows({
            ...asked,
            stepMs: step ?? null,
            limit,
            after: cursor ?? null,
          });
          return { ...asked, rows: page.rows, nextCursor: cursorText(page.next) };
        });
      },
    },
    {
      path: "/api/top",
      summary: "The keys of a query with the greatest values of a measure",
      query: topParameters,
      response: topSchema,
      answer: async ({ query: given }) => {
        const { query, by, limit, search, points, ...stretch } = readParameters(topParameters, given);
        return turnstile.pass(async () => {
          const measure = measureOf(known(await history.known(), query), by);
          const asked = { query, by: measure.name, ...(await stretchOf(stretch, query, history)) };
          const top = await history.top({ ...asked, limit, search, points });
          return { ...asked, combine: measure.combine, ...top };
        });
      },
    },
    {
      path: "/api/users/:id",
      summary: "One user's windows, latest first",
      query: userParameters,
      pathParameters: userPath,
      response: userSchema,
      answer: async ({ query: given, path }) => {
        const { id: user } = readParameters(userPath, path);
        const { limit, cursor, ...stretch } = readParameters(userParameters, given);
        return turnstile.pass(async () => {
          const info = (await history.known()).find(groupsByUser);
          if (info === undefined)
            throw new HttpProblem("UNKNOWN_QUERY", "No query of this output groups by user_id alone.");
          const asked = await stretchOf(stretch, info.name, history);
          const found = await history.user(info.name, { ...asked, user, limit, after: cursor ?? null });
          if (found === undefined)
            throw new HttpProblem("NOT_FOUND", "This user has no row in these windows.");
          const { totals, windows, next } = found;
          return { user, query: info.name, ...asked, totals, windows, nextCursor: cursorText(next) };
        });
      },
    },
    ...sessionRoutes(history, turnstile),
    {
      path: "/api/pipeline",
      summary: "How the pipeline is doing: positions, watermarks, lag, what holds the next window open",
      query: noParameters,
      response: pipelineSchema,
      answer: async ({ query }) => {
        readParameters(noParameters, query);
        return pipeline.pipeline();
      },
    },
  ];
}

function known(queries: readonly KnownQuery[], name: string): KnownQuery {
  const info = queries.find((query) => query.name === name);
  if (info !== undefined) return info;
  const names = queries.map((query) => query.name).join(", ");
  throw new HttpProblem(
    "UNKNOWN_QUERY",
    names === "" ? "This output has no queries yet: nothing is committed." : `This output has ${names}.`,
  );
}

function measureOf({ columns }: KnownQuery, by: string | undefined) {
  const usable = columns.filter(({ role, type }) => role === "measure" && type !== "time");
  const measure = by === undefined ? usable[0] : usable.find(({ name }) => name === by);
  if (measure?.combine != null) return { name: measure.name, combine: measure.combine };
  const problem = `one of ${usable.map(({ name }) => name).join(", ")}`;
  throw new HttpProblem("BAD_PARAMETER", `by: ${problem}`, [{ name: "by", problem }]);
}

function groupsByUser({ columns }: KnownQuery): boolean {
  const keys = columns.filter(({ role }) => role === "key");
  return keys.length === 1 && keys[0]?.name === "user_id";
}
