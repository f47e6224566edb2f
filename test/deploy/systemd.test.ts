// The unit, by systemd's own judgement where it is installed, and its names by the settings.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { SETTING_NAMES, variableOf } from "../../src/app/config/settings.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { deployText } from "./compose-file.ts";

const UNIT = "systemd/clickstream.service";
const missing =
  spawnSync("systemd-analyze", ["--version"]).status === 0 ? undefined : "no systemd-analyze on this machine";

before(() => {
  if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);
});

test("systemd accepts the unit, and finds it hardened", { skip: missing }, async () => {
  await using folder = await temporaryFolder();
  const unit = join(folder.path, "clickstream.service");
  // Where Node is on this machine: the unit names where it is on the one it is for.
  writeFileSync(unit, deployText(UNIT).replace("ExecStart=/usr/bin/node", `ExecStart=${process.execPath}`));
  const verified = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
  assert.deepEqual([verified.status, verified.stderr], [0, ""]);
  const security = ["security", "--offline=true", "--threshold=20", "--no-pager", unit];
  const { status, stdout } = spawnSync("systemd-analyze", security, { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("the unit sets what the program knows, and keeps its results below its state folder", () => {
  const text = deployText(UNIT);
  const known = new Set(SETTING_NAMES.map(variableOf));
  const named = [...text.matchAll(/\bCLICKSTREAM_\w+/g)].map(([name]) => name);
  assert(named.length > 5);
  for (const name of named) assert(known.has(name), name);
  assert.match(text, /^StateDirectory=clickstream$/m);
  assert.match(text, /^Environment=CLICKSTREAM_OUTPUT=\/var\/lib\/clickstream\/\w+$/m);
  for (const [, credential, from] of text.matchAll(
    /^#LoadCredential=([\w-]+):\S+\n#Environment=\S+?=%d\/(\S+)$/gm,
  )) {
    assert.equal(credential, from);
  }
});
