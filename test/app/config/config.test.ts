import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  flagOf,
  SETTING_NAMES,
  type SettingName,
  settingOf,
  variableOf,
} from "../../../src/app/config/settings.ts";
import { type ConfigInput, pipelineSettings, printableConfig, readConfig } from "../../../src/app/config.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { DEFAULT_EVENT_RULES } from "../../../src/events/event.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

type Given = Partial<Omit<ConfigInput, "folder">> & { file?: string };

/** Reads a config in a folder of its own; `file` is the text of its clickstream.config.ts. */
async function read({ file, ...given }: Given = {}) {
  await using folder = await temporaryFolder();
  if (file !== undefined) await writeFile(join(folder.path, "clickstream.config.ts"), file);
  return await readConfig({ command: "run", flags: {}, env: {}, cores: 2, ...given, folder: folder.path });
}

const API = pathToFileURL("src/app/api.ts").href;
const withApi = (body: string): string =>
  `import { count, countDistinct, countWhere, defineConfig, max, query, sum } from ${JSON.stringify(API)};\nexport default defineConfig(${body});`;

test("flags win over the environment, that over the file, that over the default", async () => {
  const file = withApi("{ events: 3, users: 3, seed: 3 }");
  const env = { CLICKSTREAM_EVENTS: "2", CLICKSTREAM_USERS: "2", CLICKSTREAM_TOPIC: "" };
  const { settings, origins } = await read({ file, env, flags: { events: "1" } });
  assert.deepEqual(
    [settings.events, settings.users, settings.seed, settings.topic],
    [1, 2, 3, "clickstream"],
  );
  assert.deepEqual(
    [origins.events, origins.users, origins.seed, origins.topic],
    ["flag --events", "variable CLICKSTREAM_USERS", "file clickstream.config.ts", "default"],
  );
});

test("defaults of a command, of the machine and of other settings", async () => {
  const run = await read({ flags: { topic: "shop" }, cores: 64 });
  assert.equal(run.settings.brokers, undefined);
  assert.equal(run.settings.rate, 1_000);
  assert.equal(run.settings.workers, 8);
  assert.equal(run.settings.deadLetterTopic, "shop.dlq");
  const generate = await read({ command: "generate" });
  assert.deepEqual(generate.settings.brokers, ["127.0.0.1:9092"]);
  const localBrokers = ["127.0.0.1:21234"];
  const beside = await read({ command: "generate", localBrokers });
  assert.deepEqual(beside.settings.brokers, localBrokers);
  assert.equal(beside.origins.brokers, "the local Kafka of this folder");
  assert.equal((await read({ localBrokers })).settings.brokers, undefined, "a run starts it itself");
  assert.equal(generate.settings.rate, null);
});

test("positions are shown in a group named after the output folder, after --group, or in none", async () => {
  const groupOf = async (flags: Partial<Record<SettingName, unknown>>): Promise<string | null> =>
    pipelineSettings(await read({ flags })).group;
  assert.equal(await groupOf({ output: "some/where/results/" }), "clickstream-results");
  assert.equal(await groupOf({ group: "mine" }), "mine");
  assert.equal(await groupOf({ groupPositions: false }), null);
});

test("every default can be printed and read again", async () => {
  for (const command of ["run", "generate", "process", "verify", "kafka"] as const) {
    const config = await read({ command });
    const printed = printableConfig(config) as Record<SettingName, { value: unknown }>;
    for (const name of SETTING_NAMES.filter((setting) => printed[setting]?.value != null)) {
      const { kind } = settingOf(name);
      assert.deepEqual(kind.schema.parse(printed[name].value), config.settings[name], `${command} ${name}`);
    }
  }
});

test("flags and variables have the names that the documentation gives them", () => {
  assert.equal(flagOf("maxAhead"), "--max-ahead");
  assert.equal(flagOf("live"), "--no-live");
  assert.equal(variableOf("commitEvery"), "CLICKSTREAM_COMMIT_EVERY");
});

const fieldsGiven = (fields: string): Given => ({
  command: "process",
  file: `export default { fields: ${fields} };`,
});

const extrasGiven = (fields: string): Given => ({
  command: "process",
  file: `export default { extraFields: ${fields} };`,
});

const pricesGiven = (parts: string): Given => ({
  command: "process",
  file: withApi(`{
    extraFields: { price: { path: "p", type: "number" }, country: "c" },
    queries: [query("q", { ${parts} })],
  }`),
});

const REFUSED: [string, Given, RegExp][] = [
  [
    "a slide that does not divide the window",
    { flags: { slide: "2m" } },
    /--slide 2m does not divide --window 5m/,
  ],
  [
    "a slide of a part of a second",
    { flags: { slide: "1500ms" } },
    /--slide 1500ms is not a whole number of seconds/,
  ],
  [
    "max-ahead as long as the delay",
    { flags: { maxAhead: "10m" } },
    /--max-ahead 10m is not below --delay 10m/,
  ],
  ["far too many slides", { flags: { window: "2d", slide: "1s" } }, /holds more than 1440 slides/],
  [
    "text that is no number",
    { flags: { events: "many" } },
    /--events must be a whole number of at least 0, not "many"/,
  ],
  [
    "a negative number",
    { env: { CLICKSTREAM_USERS: "-1" } },
    /CLICKSTREAM_USERS must be a whole number from 1 to/,
  ],
  ["a part of a user", { file: "export default { users: 1.5 };" }, /users in clickstream.config.ts must be/],
  ["a duration without a unit", { flags: { delay: "10" } }, /--delay must be a duration/],
  ["a duration that can't be meant", { flags: { delay: "9999999999h" } }, /--delay must be a duration/],
  ["a share above 1", { flags: { late: "1.5" } }, /--late must be a share from 0 to 1/],
  [
    "shares above 1 together",
    { flags: { late: "0.6", duplicates: "0.6" } },
    /--late, --broken and --duplicates/,
  ],
  ["an address without a port", { flags: { brokers: "localhost" } }, /--brokers must be host:port addresses/],
  ["a port that is none", { flags: { brokers: "a:1,b:70000" } }, /--brokers must be host:port/],
  ["a topic that Kafka refuses", { flags: { topic: "click stream" } }, /--topic must be a topic name/],
  [
    "dead letters into the topic that is read",
    { flags: { deadLetterTopic: "clickstream" } },
    /--dead-letter-topic/,
  ],
  [
    "the generator's own group",
    { command: "process", flags: { topic: "shop", group: "clickstream-generator-shop" } },
    /clickstream-generator-shop is where the generator keeps its position/,
  ],
  ["finish without an end", { command: "process", flags: { finish: true } }, /--finish needs --until-end/],
  ["a port for a Kafka of others", { flags: { brokers: "a:1", port: "9" } }, /--port is for a local Kafka/],
  [
    "a start without a zone",
    { flags: { start: "2026-11-23T08:00:00" } },
    /--start must be a time with a zone/,
  ],
  ["an unknown variable", { env: { CLICKSTREAM_EVENT: "1" } }, /Unknown variable: CLICKSTREAM_EVENT/],
  [
    "an unknown key",
    { file: "export default { windw: '5m' };" },
    /Unknown key in clickstream.config.ts: windw/,
  ],
  ["fresh in a variable", { env: { CLICKSTREAM_FRESH: "1" } }, /CLICKSTREAM_FRESH is not allowed/],
  [
    "fresh in a file",
    { file: "export default { fresh: true };" },
    /fresh in clickstream.config.ts is not allowed/,
  ],
  ["a config file that is absent", { configPath: "absent.ts" }, /absent.ts does not exist/],
  ["a config file that fails", { file: "throw new Error('oops');" }, /can't be run: Error: oops/],
  ["a config file without a default", { file: "export const a = 1;" }, /no object as its default export/],
  [
    "a query called like a standard one",
    { file: withApi("{ queries: [query('url_counts', { by: [], measures: { n: count() } })] }") },
    /Two queries are called url_counts/,
  ],
  [
    "a query of no shape",
    { file: "export default { queries: [{ name: 'q' }] };" },
    /queries in clickstream.config.ts can't be used/,
  ],
  [
    "a query with an unusable name",
    { file: "export default { queries: [{ name: 'a/b', by: [], measures: { n: { kind: 'count' } } }] };" },
    /a\/b/,
  ],
  [
    "a count of an action that no event has",
    {
      file: withApi("{ queries: [query('buys', { by: [], measures: { n: countWhere('action', 'buy') } })] }"),
    },
    /Query buys: n counts the action "buy"/,
  ],
  ["a mapping that is none", fieldsGiven("'userId'"), /fields in clickstream.config.ts must be an object/],
  ["a mapped field that no event has", fieldsGiven("{ userid: 'u' }"), /maps "userid", which is no field/],
  ["an empty path", fieldsGiven("{ url: '' }"), /fields.url in clickstream.config.ts can't be ""/],
  ["a path with an empty name", fieldsGiven("{ url: 'page..url' }"), /fields.url .* can't be "page..url"/],
  ["a source of no shape", fieldsGiven("{ url: { from: 'u' } }"), /fields.url .* can't be \{"from":"u"\}/],
  ["a constant that has a path", fieldsGiven("{ url: { path: 'u', value: 'x' } }"), /fields.url .* can't be/],
  ["an empty default", fieldsGiven("{ url: { path: 'u', default: '' } }"), /fields.url .* can't be/],
  [
    "a time for events without one",
    fieldsGiven("{ timestamp: { path: 'ts', default: '2026-11-23T08:05:00Z' } }"),
    /fields.timestamp .* can only be a path/,
  ],
  ["a constant time", fieldsGiven("{ timestamp: { value: '0' } }"), /fields.timestamp .* can only be a path/],
  [
    "a translation into an action that no event has",
    fieldsGiven("{ action: { path: 'type', map: { buy: 'purchase' } } }"),
    /fields.action .* gives the action "purchase", which no event may have/,
  ],
  [
    "a default that no device type is",
    fieldsGiven("{ device_type: { path: 'd', default: 'tv' } }"),
    /gives the device_type "tv"/,
  ],
  [
    "a mapping for the generator's events",
    { ...fieldsGiven("{ user_id: 'userId' }"), command: "run" },
    /fields is for other producers' events, and run generates events/,
  ],
  ["extra fields that are none", extrasGiven("[]"), /extraFields in clickstream.config.ts must be an object/],
  [
    "an extra field called as ours",
    extrasGiven("{ url: 'u' }"),
    /extraFields.url .* is no name for a field of one's own/,
  ],
  [
    "an extra field called as a column",
    extrasGiven("{ window_end: 'u' }"),
    /extraFields.window_end .* is no name/,
  ],
  [
    "an extra field that no column can be",
    extrasGiven("{ Country: 'u' }"),
    /extraFields.Country .* is no name/,
  ],
  ["an extra field of no shape", extrasGiven("{ country: 5 }"), /extraFields.country .* can't be 5/],
  [
    "a number field with a text as its default",
    extrasGiven("{ price: { path: 'p', type: 'number', default: '0' } }"),
    /extraFields.price .* can't be/,
  ],
  [
    "a number field whose default is out of range",
    extrasGiven("{ price: { path: 'p', type: 'number', default: -1e12 } }"),
    /extraFields.price .* can't be/,
  ],
  [
    "a field of another type",
    extrasGiven("{ price: { path: 'p', type: 'money' } }"),
    /extraFields.price .* can't be/,
  ],
  [
    "a query by a number",
    pricesGiven("by: ['price'], measures: { n: count() }"),
    /Query q: price is a number field/,
  ],
  [
    "a distinct count of numbers",
    pricesGiven("by: [], measures: { n: countDistinct('price') }"),
    /Query q: n takes countDistinct of price, which is a number field/,
  ],
  [
    "a sum of an event's text",
    pricesGiven("by: [], measures: { n: sum('url') }"),
    /Query q: n takes the sum of url, which is no number field/,
  ],
  [
    "the greatest of an extra text",
    pricesGiven("by: [], measures: { n: max('country') }"),
    /Query q: n takes the max of country, which is no number field/,
  ],
  [
    "a query by a field that is not declared",
    { file: withApi("{ queries: [query('q', { by: ['contry'], measures: { n: count() } })] }") },
    /Query q: no field is called contry/,
  ],
  [
    "a count of a field that is not declared",
    {
      file: withApi("{ queries: [query('q', { by: [], measures: { n: countWhere('constructor', 'x') } })] }"),
    },
    /Query q: no field is called constructor/,
  ],
  [
    "a query by event time",
    { file: withApi("{ queries: [query('q', { by: ['timestamp'], measures: { n: count() } })] }") },
    /unknown field "timestamp"/,
  ],
  [
    "de-duplication under Spark",
    { command: "process", flags: { dedupe: true, engine: "spark" } },
    /--dedupe can't be had with --engine spark/,
  ],
  [
    "de-duplication by an id that events share",
    {
      command: "process",
      flags: { dedupe: true },
      file: "export default { fields: { event_id: { value: 'x' } } };",
    },
    /--dedupe needs an event_id that every event has for itself/,
  ],
  ["no query at all", { flags: { standardQueries: false } }, /no query to run/],
];

for (const [title, given, message] of REFUSED) {
  test(`refused by name: ${title}`, async () => {
    await assert.rejects(read(given), (error: unknown) => {
      assert.ok(error instanceof UsageError, `${error}`);
      assert.match(error.message, message);
      assert.notEqual(error.nextStep, "");
      return true;
    });
  });
}

test("a slip in a name is met with the nearest one", async () => {
  await assert.rejects(read({ env: { CLICKSTREAM_EVNTS: "1" } }), {
    nextStep: "Did you mean CLICKSTREAM_EVENTS?",
  });
  await assert.rejects(read({ file: "export default { windw: '5m' };" }), {
    nextStep: "Did you mean window?",
  });
});

test("a mapping reaches the pipeline's rules as paths; one that changes nothing is none", async () => {
  const rulesOf = async (fields: string) => pipelineSettings(await read(fieldsGiven(fields))).rules;
  assert.deepEqual(
    await rulesOf(`{
      user_id: "userId", url: "context.page.url", session_id: ["a.b", "c"], browser: { path: "browser", default: "unknown" },
      device_type: { value: "desktop" }, action: { path: "type", map: { page: "view" } }, event_id: undefined,
    }`),
    {
      ...DEFAULT_EVENT_RULES,
      fields: {
        user_id: { path: ["userId"] },
        url: { path: ["context", "page", "url"] },
        session_id: { path: ["a.b", "c"] },
        browser: { path: ["browser"], default: "unknown" },
        device_type: { value: "desktop" },
        action: { path: ["type"], map: { page: "view" } },
      },
    },
  );
  assert.deepEqual(await rulesOf('{ user_id: "user_id", url: { path: ["url"] } }'), DEFAULT_EVENT_RULES);
  assert(!("fields" in (await rulesOf("{}"))));
});

test("extra fields reach the pipeline in the order of their names, and queries may use them", async () => {
  const file = withApi(`{
    extraFields: {
      plan: { path: "user.plan", default: "free" }, country: "geo.country", constructor: "c",
      price: { path: "cart.price", type: "number", default: -1.50 },
    },
    queries: [query("by_country", { by: ["country"], measures: { n: countWhere("constructor", "x"), s: sum("price") } })],
  }`);
  const { rules, queries } = pipelineSettings(await read({ command: "process", file }));
  assert.deepEqual(Object.entries(rules.extraFields ?? {}), [
    ["constructor", { path: ["c"] }],
    ["country", { path: ["geo", "country"] }],
    ["plan", { path: ["user", "plan"], default: "free" }],
    ["price", { path: ["cart", "price"], type: "number", default: "-1.5" }],
  ]);
  assert.deepEqual(queries.at(-1)?.by, ["country"]);
});

test("queries and rules of the config file reach the pipeline", async () => {
  const file = withApi(`{
    actions: ["buy"], window: "10 minutes", commitEvery: "250ms", standardQueries: false,
    queries: [query("buys", { by: ["url"], measures: { buys: countWhere("action", "buy") } })],
  }`);
  const settings = pipelineSettings(await read({ file }), ["127.0.0.1:1"]);
  assert.deepEqual(settings.kafka.brokers, ["127.0.0.1:1"]);
  assert.deepEqual(settings.rules.actions, ["click", "view", "scroll", "hover", "buy"]);
  assert.deepEqual(settings.windows, {
    sizeMs: 600_000,
    slideMs: 60_000,
    delayMs: 600_000,
    maxAheadMs: 60_000,
  });
  assert.equal(settings.commitEveryMs, 250);
  assert.deepEqual(
    settings.queries.map((plan) => plan.name),
    ["buys"],
  );
});
