import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { isUtf8Within } from "../../src/events/utf8.ts";

const check = (bytes: Uint8Array): void => {
  const around = Buffer.concat([Buffer.of(0xf0), bytes, Buffer.of(0x80, 0xbf)]);
  assert.equal(isUtf8Within(around, 1, 1 + bytes.length), isUtf8(bytes), Buffer.from(bytes).toString("hex"));
};

test("every sequence of two bytes, and every edge of three and four, is judged as Node judges it", () => {
  for (let lead = 0; lead < 256; lead++) {
    check(Uint8Array.of(lead));
    for (let second = 0; second < 256; second++) {
      check(Uint8Array.of(lead, second));
      if (lead < 0xc0 || second < 0x7f || second > 0xc0) continue;
      for (const third of [0x7f, 0x80, 0xbf, 0xc0]) {
        check(Uint8Array.of(lead, second, third));
        for (const fourth of [0x7f, 0x80, 0xbf, 0xc0]) check(Uint8Array.of(lead, second, third, fourth));
      }
    }
  }
});

test("… and so is any text, whole or changed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(50), fc.nat(255), (text, at, byte) => {
      const bytes = Buffer.from(text);
      check(bytes);
      if (at < bytes.length)
        check(Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at + 1)]));
      check(bytes.subarray(at));
    }),
    { numRuns: 3_000 },
  );
});
