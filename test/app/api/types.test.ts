// Holds the public types: each line below that says otherwise than the types do fails the type check.
import { test } from "node:test";
import type {
  ClickstreamConfig,
  KeyField,
  Measure,
  ProcessOptions,
  ProcessOutcome,
  process,
  QueryPlan,
  query,
  sum,
} from "../../../src/app/api.ts";
import type { Row, TestEvent, TestPipeline, testPipeline } from "../../../src/testing/api.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Takes<T, V> = V extends T ? true : false;
type All<Claims extends readonly true[]> = Claims;
type No<Claim extends false> = Claim extends false ? true : never;

type Settings = Required<ClickstreamConfig>;

export type ConfigClaims = All<
  [
    Takes<Settings["window"], "5 minutes" | "90s" | "250ms" | "1.5h" | "1 day">,
    No<Takes<Settings["window"], "5 lightyears">>,
    No<Takes<Settings["window"], 300_000>>,
    Takes<Settings["rate"], 500 | "max">,
    No<Takes<Settings["rate"], "fast">>,
    Takes<Settings["compression"], "zstd" | "none">,
    No<Takes<Settings["compression"], "brotli">>,
    Takes<Settings["brokers"], "127.0.0.1:9092" | readonly ["a:1", "b:1"]>,
    Takes<Settings["live"], boolean>,
    No<Takes<Settings["live"], "off">>,
    Takes<Settings["events"], number>,
    Takes<Settings["queries"], readonly QueryPlan[]>,
    No<Takes<keyof ClickstreamConfig, "fresh">>,
    Takes<Settings["fields"], { user_id: "userId"; action: { path: "type"; map: { page: "view" } } }>,
    No<Takes<Settings["fields"], { url: { from: "u" } }>>,
    Takes<Settings["extraFields"], { country: "geo.country" }>,
    Takes<Settings["extraFields"], { price: { path: "cart.price"; type: "number"; default: 0 } }>,
    No<Takes<Settings["extraFields"], { price: { path: "cart.price"; type: "number"; default: "0" } }>>,
    No<Takes<Settings["fields"], { url: { path: "u"; type: "number" } }>>,
  ]
>;

export type QueryClaims = All<
  [
    Equal<ReturnType<typeof query>, QueryPlan>,
    Takes<Parameters<typeof query>[1]["by"][number], KeyField>,
    No<Takes<KeyField, "timestamp">>,
    Takes<Parameters<typeof query>[1]["by"][number], "country">,
    No<Takes<Measure, { kind: "median" }>>,
    Equal<ReturnType<typeof sum>, Measure>,
    Equal<Parameters<typeof sum<"price">>, [field: "price"]>,
    Equal<Parameters<typeof sum<"url">>, [field: never]>,
  ]
>;

export type ProcessClaims = All<
  [
    Equal<Parameters<typeof process>[0], ProcessOptions | undefined>,
    Equal<Awaited<ReturnType<typeof process>>, ProcessOutcome>,
    Takes<Required<ProcessOptions>["signal"], AbortSignal>,
    Equal<ProcessOutcome["dead"], Readonly<Record<string, number>>>,
    Equal<ProcessOutcome["complete"], boolean>,
  ]
>;

export type TestingClaims = All<
  [
    Takes<Parameters<typeof testPipeline>[0], ClickstreamConfig | undefined>,
    Equal<ReturnType<typeof testPipeline>, TestPipeline>,
    Takes<TestEvent, { url: "/a"; price: 5; user_id: undefined }>,
    Takes<Parameters<TestPipeline["feed"]>[0], TestEvent | readonly TestEvent[] | string | null>,
    No<Takes<Parameters<TestPipeline["feed"]>[0], 5>>,
    Takes<Parameters<TestPipeline["advance"]>[0], "1 minute" | "30s">,
    No<Takes<Parameters<TestPipeline["advance"]>[0], "a while">>,
    Equal<Awaited<ReturnType<TestPipeline["rows"]>>, Row[]>,
    Equal<Row["window_start"], string>,
    Equal<Row["events"], string | number>,
  ]
>;

test("the public types say what they are said to say, or the type check fails", () => {});
