import type { z } from "zod";
import { replayChoiceSchema, replayPlanSchema, replayRequestSchema, replaySchema } from "./api.ts";
import { readParameters } from "./parameters.ts";
import type { ReplayDesk } from "./replay-desk.ts";

/** One route that takes JSON with POST, because it changes something or prepares to. */
export interface Change {
  path: string;
  summary: string;
  body: z.ZodType;
  response: z.ZodType;
  /** @param body untrusted */
  answer(body: unknown): Promise<unknown>;
}

/** All there is that is not read-only. */
export function apiChanges(desk: ReplayDesk): Change[] {
  return [
    {
      path: "/api/replay/plan",
      summary: "What replaying dead letters would do; sends nothing, and gives out the word for doing it",
      body: replayChoiceSchema,
      response: replayPlanSchema,
      answer: async (body) => desk.plan(readParameters(replayChoiceSchema, body)),
    },
    {
      path: "/api/replay",
      summary:
        "Sends the events of dead letters to their topic again, as the latest plan said, each at most once",
      body: replayRequestSchema,
      response: replaySchema,
      answer: async (body) => desk.send(readParameters(replayRequestSchema, body).confirmation),
    },
  ];
}
