import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolErrorsCodesById } from "@platformatic/kafka";
import { errorName, errorSentence } from "../../src/kafka/error-names.ts";

test("every error code has the name that a client library knows it by", () => {
  const codes = Object.entries(protocolErrorsCodesById);
  assert(codes.length > 120);
  for (const [code, name] of codes) assert.equal(errorName(Number(code)), name);
});

test("a code of a newer Kafka is told by its number", () => {
  assert.equal(errorName(999), "ERROR_999");
  assert.equal(errorSentence(999), "ERROR_999");
  assert.match(errorSentence(10), /max\.message\.bytes/);
});
