import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type CommandName,
  SETTING_NAMES,
  type SettingName,
  settingOf,
  sourceOf,
} from "../../src/app/config/settings.ts";
import { readConfig } from "../../src/app/config.ts";
import { EVENT_FIELDS } from "../../src/events/event.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/guarantees.md"];
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

/** The row of a setting in the README's tables of options. */
function optionRow(name: SettingName): string {
  const { kind, doc, commands } = settingOf(name);
  const value = kind.placeholder === undefined ? "" : ` <${kind.placeholder}>`;
  const flag = `\`${sourceOf(name)}${settingOf(name).onlyVariable ? "" : value}\``.replaceAll("|", "\\|");
  return `| ${flag} | ${defaultText(name)} | ${commands.join(", ")} | ${doc} |`;
}

function defaultText(name: SettingName): string {
  const { kind, default: common, defaultFor = {}, defaultDoc } = settingOf(name);
  if (kind.placeholder === undefined) return "off";
  const shown = (value: unknown): string => {
    const text = String(kind.format(value));
    return text === "" ? "none" : `\`${text}\``;
  };
  const commandsByValue = Map.groupBy(Object.entries(defaultFor) as [CommandName, unknown][], ([, value]) =>
    shown(value),
  );
  const exceptions = [...commandsByValue].map(
    ([value, entries]) => `${value} for ${entries.map(([command]) => command).join(", ")}`,
  );
  const usual = common === undefined ? (defaultDoc ?? "none").replaceAll("<", "\\<") : shown(common);
  return [usual, ...exceptions].join("; ");
}

function missingFrom(text: string, lines: readonly string[], what: string): void {
  const missing = lines.filter((line) => !text.includes(line));
  assert.equal(missing.length, 0, `the README lacks ${what}:\n${missing.join("\n")}`);
}

test("the README has the row of every setting", () => {
  missingFrom(readme, SETTING_NAMES.map(optionRow), "these rows of options");
});

test("the README has the fields of events and the columns of every standard query", () => {
  missingFrom(
    readme,
    EVENT_FIELDS.map((field) => `| \`${field}\` |`),
    "these fields",
  );
  const rows = STANDARD_QUERIES.map(
    ({ name, by, measures }) =>
      `| \`${name}\` | ${by.join(", ") || "–"} | ${Object.keys(measures).join(", ")} |`,
  );
  missingFrom(readme, rows, "these queries");
});

test("the README's config file can be used as it stands", async () => {
  const [, example] = /```ts\n(\/\/ clickstream\.config\.ts\n[\s\S]*?)```/.exec(readme) ?? [];
  assert(example !== undefined, "no example of clickstream.config.ts");
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "clickstream.config.ts"), example);
  const config = await readConfig({ command: "run", flags: {}, env: {}, cores: 2, folder: folder.path });
  assert(config.queries.length > STANDARD_QUERIES.length);
});

for (const document of DOCUMENTS) {
  test(`every link and path of ${document} leads to a file`, () => {
    const text = readFileSync(join(ROOT, document), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to = ""]) =>
      join(dirname(document), to),
    );
    const paths = [...text.matchAll(/`((?:src|test|bench|docs)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    const broken = [...links, ...paths].filter((path) => !existsSync(join(ROOT, path)));
    assert.deepEqual(broken, []);
  });
}
