// There may be no Docker where this runs: deploy/compose.yaml is held to its specification's schema, and every name in it to
// the others, to the settings, and to the files beside it.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { resolveSettings } from "../../src/app/config/resolve.ts";
import { SETTING_NAMES, variableOf } from "../../src/app/config/settings.ts";
import { parsePostgresUrl } from "../../src/sinks/postgres/target.ts";
import { composeFile, deployText, deployYaml, type Service } from "./compose-file.ts";

const compose = composeFile();
const services = Object.entries(compose.services);
const beside = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));

/** Everything that a service is told: its command, its variables, and files that it reads. */
const READ_FILES: Record<string, string[]> = {
  prometheus: ["prometheus/compose.yml"],
  grafana: ["grafana/provisioning/datasources/prometheus.yml"],
};
const settingsOf = ({ environment = {} }: Service): [string, string][] =>
  Object.entries(environment).map(([name, value]) => [name, String(value)]);
function toldTo([name, service]: [string, Service]): string[] {
  return [
    ...(service.command ?? []),
    ...settingsOf(service).map(([, value]) => value),
    ...(READ_FILES[name] ?? []).map(deployText),
  ];
}

/** Ports on which a service listens inside, by what it is told; Prometheus and Grafana by their defaults. */
function listensOn(name: string, service: Service): number[] {
  const { environment = {}, command = [] } = service;
  const listeners = String(environment.KAFKA_LISTENERS ?? "").split(",");
  const told = [
    ...listeners.map((listener) => /:(\d+)$/.exec(listener)?.[1]),
    /:(\d+)$/.exec(String(environment.CLICKSTREAM_HTTP ?? ""))?.[1],
    command[command.indexOf("--port") + 1],
    ...command.map((argument) => /^-Dspark\.connect\.grpc\.binding\.port=(\d+)$/.exec(argument)?.[1]),
  ].filter((port) => /^\d+$/.test(port ?? ""));
  const byDefault = { prometheus: [9090], grafana: [3000], postgres: [5432] }[name] ?? [];
  return [...told.map(Number), ...byDefault];
}

test("the file is what the Compose Specification's schema allows", () => {
  const schema = JSON.parse(
    readFileSync(new URL("compose-schema/compose-spec.json", import.meta.url), "utf8"),
  );
  delete schema.$schema; // draft 7, by a name that Ajv does not know
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  validate(compose);
  assert.deepEqual(validate.errors, null);
  const { app } = compose.services;
  for (const wrong of [{ portz: [] }, { mem_limit: [] }, { healthcheck: { tests: [] } }]) {
    assert(!validate({ ...compose, services: { app: { ...app, ...wrong } } }), JSON.stringify(wrong));
  }
});

test("every service has a health check, a memory limit and bounded logs", () => {
  for (const [name, service] of services) {
    const once = service.restart === "no";
    assert.equal(service.healthcheck === undefined, once, name);
    assert.match(service.mem_limit ?? "", /^\d+[mg]$/, name);
    assert("logging" in service, name);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      assert(other in compose.services, `${name} → ${other}`);
      const ends = compose.services[other]?.restart === "no";
      assert.equal(
        condition,
        ends ? "service_completed_successfully" : "service_healthy",
        `${name} → ${other}`,
      );
    }
  }
});

test("images have one exact version each; Kafka's is the local Kafka's", () => {
  const tags = new Map<string, Set<string>>();
  for (const [name, { image, build }] of services) {
    const [repository = "", tag = ""] = image.split(":");
    tags.set(repository, (tags.get(repository) ?? new Set()).add(tag));
    if (build === undefined) assert.match(tag, /^v?\d+\.\d+/, name);
    else assert(existsSync(beside(`../${build.dockerfile}`)) && build.context === "..", name);
  }
  for (const [repository, versions] of tags) assert.equal(versions.size, 1, repository);
  const pom = readFileSync(new URL("../../src/local/pom.xml", import.meta.url), "utf8");
  const kafka = /kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(pom)?.[1];
  assert.deepEqual([...(tags.get("apache/kafka") ?? [])], [kafka]);
});

test("every CLICKSTREAM_ variable is a setting with a value that the program takes", () => {
  const env = compose.services.app?.environment as Record<string, string>;
  const known = new Set(SETTING_NAMES.map(variableOf));
  for (const [name, service] of services) {
    for (const [variable] of settingsOf(service)) {
      if (variable.startsWith("CLICKSTREAM_")) assert(known.has(variable) && name === "app", variable);
    }
  }
  for (const engine of ["embedded", "spark"]) {
    const sources = { command: "process", flags: {}, file: undefined, cores: 2 } as const;
    const { settings } = resolveSettings({
      ...sources,
      env: {
        ...env,
        CLICKSTREAM_ENGINE: engine,
        CLICKSTREAM_OUTPUT: `/results/${engine}`,
        CLICKSTREAM_POSTGRES_SCHEMA: `clickstream_${engine}`,
      },
    });
    assert.equal(settings.engine, engine);
    assert.equal(settings.brokers?.length, 3);
  }
  for (const ofEngine of ["OUTPUT: /results/", "POSTGRES_SCHEMA: clickstream_"])
    assert(deployText("compose.yaml").includes(`CLICKSTREAM_${ofEngine}\${CLICKSTREAM_ENGINE:-embedded}`));
});

test("results go to the PostgreSQL that is there, as its user and into its database", () => {
  const { app, postgres } = compose.services;
  const { CLICKSTREAM_POSTGRES: url, CLICKSTREAM_POSTGRES_PASSWORD_FILE: file } = app?.environment ?? {};
  const { host, user, database, sslMode } = parsePostgresUrl(String(url));
  const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE } = postgres?.environment ?? {};
  assert.deepEqual(
    [host, user, database, file],
    ["postgres", POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE],
  );
  assert(!("postgres" in (app?.depends_on ?? {})), "the engine waits for no database");
  const [shared = "", ...others] = postgres?.networks ?? [];
  assert(others.length === 0 && compose.networks[shared]?.internal);
  const members = services.filter(([, { networks }]) => networks.includes(shared)).map(([name]) => name);
  assert.deepEqual(members, ["app", "postgres"]);
  assert.equal(sslMode, "disable", "the image has no certificate");
});

test("who is named by host and port is a service that listens there, on a shared network", () => {
  const names = Object.keys(compose.services).toSorted((a, b) => b.length - a.length);
  const address = new RegExp(`(?<![\\w.-])(${names.join("|")}):(\\d+)`, "g");
  let found = 0;
  for (const entry of services) {
    for (const [, other = "", port] of toldTo(entry).flatMap((text) => [...text.matchAll(address)])) {
      const service = compose.services[other]!;
      const where = `${entry[0]} → ${other}:${port}`;
      assert(listensOn(other, service).includes(Number(port)), where);
      assert(other === entry[0] || service.networks.some((name) => entry[1].networks.includes(name)), where);
      found++;
    }
    const [name, { hostname = name, networks }] = entry;
    assert.equal(hostname, name);
    for (const network of networks) assert(network in compose.networks, `${name}: ${network}`);
  }
  assert(found > 20, "addresses were looked at");
});

test("only ports that are needed are published, on 127.0.0.1 alone", () => {
  const published = services.flatMap(([name, service]) =>
    (service.ports ?? []).map((port) => ({ name, service, port })),
  );
  assert.deepEqual(
    [...new Set(published.map(({ name }) => name))],
    ["kafka-1", "kafka-2", "kafka-3", "app", "grafana"],
  );
  const taken = new Set<string>();
  for (const { name, service, port } of published) {
    const [, host = "", inside] = /^127\.0\.0\.1:(\d+):(\d+)$/.exec(port) ?? [];
    assert(host !== "" && !taken.has(host), `${name}: ${port}`);
    taken.add(host);
    assert(listensOn(name, service).includes(Number(inside)), `${name}: ${port}`);
    assert(
      service.networks.some((network) => !compose.networks[network]?.internal),
      `${name}: nothing of an internal network is published`,
    );
    const { KAFKA_ADVERTISED_LISTENERS: advertised } = service.environment ?? {};
    if (advertised !== undefined)
      assert.match(String(advertised), new RegExp(`HOST://127\\.0\\.0\\.1:${host}$`));
  }
});

test("the brokers are one quorum, each under its own name and number", () => {
  const brokers = services.filter(([name]) => name.startsWith("kafka-"));
  for (const [name, { environment = {} }] of brokers) {
    const number = Number(name.slice("kafka-".length));
    assert.equal(environment.KAFKA_NODE_ID, number);
    assert.match(String(environment.KAFKA_ADVERTISED_LISTENERS), new RegExp(`^INTERNAL://${name}:9092,`));
    const voters = brokers.map(([other]) => `${other.slice("kafka-".length)}@${other}:9093`).join();
    assert.equal(environment.KAFKA_CONTROLLER_QUORUM_VOTERS, voters);
    assert.equal(Buffer.from(String(environment.CLUSTER_ID), "base64url").length, 16);
  }
});

test("every volume is declared, used and mounted where its service writes", () => {
  const used = new Set<string>();
  for (const [name, service] of services) {
    for (const volume of service.volumes ?? []) {
      const [source = "", target = "", mode] = volume.split(":");
      if (source.startsWith("./")) assert(existsSync(beside(source)) && mode === "ro", `${name}: ${volume}`);
      else used.add(source);
      assert(target.startsWith("/"), volume);
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(compose.volumes).sort());
  const mounts = (name: string): string[] =>
    (compose.services[name]?.volumes ?? []).map((volume) => volume.split(":")[1] ?? "");
  for (const [name, service] of services) {
    const { environment = {}, command = [] } = service;
    const written = [
      environment.KAFKA_LOG_DIRS,
      environment.CLICKSTREAM_OUTPUT,
      ...command.map((argument) => /^(?:--storage\.tsdb\.path|-Dspark\.\S+)=(\/\S+)/.exec(argument)?.[1]),
    ];
    for (const path of written.filter((path) => path !== undefined).map(String)) {
      assert(
        mounts(name).some((mount) => path === mount || path.startsWith(`${mount}/`)),
        `${name}: ${path}`,
      );
    }
  }
  // Whoever writes results under Spark sees them at the same path.
  for (const name of ["app", "spark-connect", "spark-worker-1", "spark-worker-2"]) {
    assert(compose.services[name]?.volumes?.includes("results:/results"), name);
  }
  const [provider] = deployYaml<{ providers: { options: { path: string } }[] }>(
    "grafana/provisioning/dashboards/clickstream.yml",
  ).providers;
  assert(mounts("grafana").includes(provider!.options.path));
  assert.equal(
    compose.services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH,
    `${provider!.options.path}/clickstream.json`,
  );
});

test("secrets are files, declared, and read only by services that have them", () => {
  const used = new Set<string>();
  for (const entry of services) {
    const [name, { secrets = [] }] = entry;
    for (const secret of secrets) used.add(secret);
    const read = toldTo(entry).flatMap((text) =>
      [...text.matchAll(/\/run\/secrets\/(\w+)/g)].map((match) => match[1]),
    );
    assert.deepEqual(read, secrets, name);
    for (const [variable, value] of settingsOf(entry[1])) {
      const isSecret = /PASSWORD|TOKEN|SECRET/.test(variable);
      assert(!isSecret || value.startsWith("/run/secrets/"), `${name}: ${variable} is in the file`);
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(compose.secrets).sort());
  for (const [name, { file }] of Object.entries(compose.secrets)) assert.equal(file, `./secrets/${name}`);
  assert.match(deployText("secrets/.gitignore"), /^\*$/m);
});

test("Prometheus and Grafana look for what is there", () => {
  interface Scraping {
    rule_files: string[];
    scrape_configs: { job_name: string }[];
  }
  const command = compose.services.prometheus?.command ?? [];
  const config = command.find((argument) => argument.startsWith("--config.file="))?.split("=")[1] ?? "";
  assert(compose.services.prometheus?.volumes?.includes("./prometheus:/etc/prometheus:ro"));
  const file = config.replace("/etc/prometheus/", "prometheus/");
  for (const path of [file, "prometheus/prometheus.yml"]) {
    const { rule_files, scrape_configs } = deployYaml<Scraping>(path);
    for (const rules of rule_files) assert(existsSync(beside(`prometheus/${rules}`)), rules);
    assert.deepEqual(
      scrape_configs.map((job) => job.job_name),
      ["clickstream"],
    );
  }
  assert.match(deployText("prometheus/alerts.yml"), /up\{job="clickstream"\}/);
  const source = deployText("grafana/provisioning/datasources/prometheus.yml");
  for (const [, variable = ""] of source.matchAll(/\$\{(\w+)\}/g)) {
    assert(compose.services.grafana?.environment?.[variable] !== undefined, variable);
  }
  const uid = /uid: (\S+)/.exec(source)?.[1];
  const dashboard = deployText("grafana/dashboards/clickstream.json");
  for (const [, used] of dashboard.matchAll(/"type": "prometheus",\s*"uid": "([^"]+)"/g))
    assert.equal(used, uid);
});
