import { z } from "zod";
import { healthSchema, LIVE_EVENTS, problemSchema } from "./api.ts";
import type { Change } from "./changes.ts";
import type { Route } from "./route.ts";

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of these routes, from the schemas that read requests and describe answers. */
export function openApi(routes: readonly Route[], changes: readonly Change[], version: string): Json {
  const paths: Json = {};
  for (const { path, summary, query, pathParameters, response } of routes) {
    paths[path.replace(/:(\w+)/g, "{$1}")] = {
      get: {
        summary,
        parameters: [...parameters("path", pathParameters), ...parameters("query", query)],
        responses: { 200: json("The answer", jsonSchema(response)), default: problem },
      },
    };
  }
  for (const { path, summary, body, response } of changes) {
    paths[path] = {
      post: {
        summary,
        parameters: [
          {
            name: "x-requested-by",
            in: "header",
            required: true,
            description: "Keeps requests of other sites' pages out",
            schema: { const: "clickstream" },
          },
        ],
        requestBody: { required: true, ...json("", jsonSchema(body, "input")) },
        responses: { 200: json("The answer", jsonSchema(response)), default: problem },
      },
    };
  }
  paths["/api/live"] = { get: liveStream() };
  for (const path of ["/livez", "/readyz"]) {
    paths[path] = {
      get: {
        summary: path === "/livez" ? "Whether the process answers" : "Whether the pipeline does its work",
        security: [],
        responses: {
          200: json("It does", jsonSchema(healthSchema)),
          503: json("It does not", jsonSchema(healthSchema)),
        },
      },
    };
  }
  paths["/metrics"] = {
    get: {
      summary: "Metrics for Prometheus",
      responses: {
        200: { description: "In the text format", content: { "text/plain": {} } },
        default: problem,
      },
    },
  };
  return {
    openapi: "3.1.0",
    info: { title: "clickstream", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    security: [{}, { bearer: [] }, { basic: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic" },
      },
    },
  };
}

const jsonSchema = (schema: z.ZodType, io: "input" | "output" = "output"): Json => {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    target: "draft-2020-12",
  }) as Json;
  return rest;
};

const json = (description: string, schema: Json): Json => ({
  description,
  content: { "application/json": { schema } },
});

const problem: Json = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: jsonSchema(problemSchema) } },
};

function parameters(where: "path" | "query", schema: z.ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function liveStream(): Json {
  const events = Object.entries(LIVE_EVENTS).map(([event, schema]) => ({
    type: "object",
    properties: { event: { const: event }, data: jsonSchema(schema) },
  }));
  return {
    summary: "How the pipeline is doing, as Server-Sent Events",
    parameters: [{ name: "last-event-id", in: "header", required: false, schema: { type: "string" } }],
    responses: {
      200: {
        description: "Events; data is one line of JSON",
        content: { "text/event-stream": { schema: { oneOf: events } } },
      },
      default: problem,
    },
  };
}
