import type { z } from "zod";

/** What a request asks, as untrusted data. */
export interface Asked {
  query: unknown;
  path: unknown;
}

/** One route with JSON answers: what it takes, what it gives, and how. */
export interface Route {
  path: string;
  summary: string;
  query: z.ZodType;
  pathParameters?: z.ZodType;
  response: z.ZodType;
  answer(asked: Asked): Promise<unknown>;
}
