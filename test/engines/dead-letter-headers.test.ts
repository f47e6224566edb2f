import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attemptOf,
  headerText,
  letterHeaders,
  textHeaders,
} from "../../src/engines/embedded/dead-letter-headers.ts";
import type { DeadLetter } from "../../src/engines/embedded/flush.ts";

const SOURCE = { name: "clicks", id: "an-id" };

function letter(headers: Record<string, string>): DeadLetter {
  const [key, value] = [null, Buffer.from("no json")];
  return {
    partition: 3,
    offset: 42,
    reason: "not_json",
    timestampMs: 7,
    key,
    value,
    headers: textHeaders(headers),
  };
}

function texts(headers: ReturnType<typeof letterHeaders>): Record<string, string> {
  return Object.fromEntries(headers.map(({ name }) => [name, headerText(headers, name) ?? ""]));
}

const FIRST = {
  "clickstream.reason": "not_json",
  "clickstream.topic": "clicks",
  "clickstream.topic-id": "an-id",
  "clickstream.partition": "3",
  "clickstream.offset": "42",
  "clickstream.timestamp": "7",
  "clickstream.attempt": "1",
};

test("a letter has its identity and the headers that its producer gave it", () => {
  assert.deepEqual(texts(letterHeaders(letter({}), SOURCE, false)), FIRST);
  assert.deepEqual(texts(letterHeaders(letter({ trace: "abc" }), SOURCE, false)), { ...FIRST, trace: "abc" });
});

test("the attempt of a replayed event is that of its letter, and what it repeats stays known", () => {
  const replayed = letter({ "clickstream.attempt": "4", "clickstream.replay-of": "clicks/1/2" });
  assert.deepEqual(texts(letterHeaders(replayed, SOURCE, false)), {
    ...FIRST,
    "clickstream.attempt": "4",
    "clickstream.replay-of": "clicks/1/2",
  });
});

test("headers with our names mean nothing when a producer made them up", () => {
  const forged = letter({
    "clickstream.truncated": "5",
    "clickstream.reason": "fine",
    "clickstream.offset": "1",
  });
  assert.deepEqual(texts(letterHeaders(forged, SOURCE, false)), FIRST);
  for (const attempt of ["0", "-1", "1.5", "", "12345678", "two"]) {
    assert.equal(attemptOf(textHeaders({ "clickstream.attempt": attempt })), 1, attempt);
  }
});

test("a letter without its original says how long that was and leaves its headers out too", () => {
  const headers = texts(letterHeaders(letter({ trace: "abc" }), SOURCE, true));
  assert.deepEqual(headers, { ...FIRST, "clickstream.truncated": "7" });
});

test("what a producer made up as an origin is left out, however large", () => {
  for (const made of [
    "x".repeat(1_000_000),
    "",
    "clicks/1",
    "clicks/1/2/3",
    "no topic!/1/2",
    "clicks/-1/2",
  ]) {
    const headers = letterHeaders(letter({ "clickstream.replay-of": made }), SOURCE, true);
    assert.equal(headerText(headers, "clickstream.replay-of"), undefined, made.slice(0, 20));
  }
});
