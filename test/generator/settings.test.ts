import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UsageError } from "../../src/core/errors.ts";
import { checkGeneratorSettings, type GeneratorSettings } from "../../src/generator/settings.ts";
import { anySettings, SOUND } from "./generator-settings.ts";

test("impossible settings are refused by name", () => {
  const impossible: [Partial<GeneratorSettings>, RegExp][] = [
    [{ seed: 0.5 }, /^seed /],
    [{ startMs: Number.NaN }, /^start /],
    [{ startMs: 0 }, /^start /],
    [{ users: 0 }, /^users /],
    [{ users: 10.5 }, /^users /],
    [{ outOfOrderMs: -1 }, /^out-of-order /],
    [{ outOfOrderMs: 3_600_001 }, /^out-of-order /],
    [{ lateShare: 1.1 }, /^late /],
    [{ brokenShare: -0.1 }, /^broken /],
    [{ duplicateShare: 0.6 }, /^duplicates /],
    [{ lateShare: 0.7, brokenShare: 0.4 }, /^late, broken and duplicates /],
  ];
  for (const [change, message] of impossible) {
    assert.throws(
      () => checkGeneratorSettings({ ...SOUND, ...change }),
      (error) => error instanceof UsageError && message.test(error.message),
      JSON.stringify(change),
    );
  }
});

test("possible settings are not", () => {
  fc.assert(fc.property(anySettings, (settings) => checkGeneratorSettings(settings)));
});
