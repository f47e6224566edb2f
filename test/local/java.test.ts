import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheFolder } from "../../src/local/environment.ts";
import { javaCommand, javaRelease, javaVersion } from "../../src/local/java.ts";

test("a version's release", () => {
  for (const [version, release] of [
    ["17.0.15", 17],
    ["1.8.0_402", 8],
    ["21", 21],
    ["25-ea", 25],
    ["11.0.2", 11],
  ] as const) {
    assert.equal(javaRelease(version), release, version);
  }
});

test("JAVA_HOME comes before PATH", async () => {
  assert.equal(javaCommand({ JAVA_HOME: "/jdk" }), "/jdk/bin/java");
  assert.equal(javaCommand({ JAVA_HOME: "" }), "java");
  assert.equal(await javaVersion({ JAVA_HOME: "/absent" }), undefined);
  assert.match((await javaVersion(process.env)) ?? "", /^\d+/);
});

test("the cache is where the user's caches are", () => {
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/caches" }), "/caches/clickstream");
  assert.match(cacheFolder({}), /\.cache.clickstream$/);
});
