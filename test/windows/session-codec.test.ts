import assert from "node:assert/strict";
import { test } from "node:test";
import type { Session } from "../../src/windows/sessions/session.ts";
import { decodeClosedPane, encodeClosedPane } from "../../src/windows/sessions/session-codec.ts";
import { TransitionCounts } from "../../src/windows/sessions/transition-counts.ts";

function session(id: string, pages: number): Session {
  const urls = Array.from({ length: pages }, (_, page) => `/é"\\${page}`);
  const texts = { first: ["u", urls[0] as string], last: [urls.at(-1) as string] };
  return {
    id,
    firstMs: 5,
    lastMs: 9,
    events: 3,
    counts: [1, 2],
    ...texts,
    distinct: [new Set(urls)],
    bytes: 0,
  };
}

test("a closed pane comes back from however many pieces", () => {
  const sessions = [session("a", 1), session("b", 40), session("c", 2)];
  const transitions = new TransitionCounts();
  for (let page = 0; page < 30; page++) transitions.add(`/${page % 3}`, `/${page}`, page + 1);
  for (const characters of [1, 100, 1_000, 1 << 20]) {
    const pieces = [...encodeClosedPane({ sessions, transitions }, characters)].map(decodeClosedPane);
    assert(characters === 1 << 20 ? pieces.length === 1 : pieces.length > 1);
    for (const { id, distinct, ...rest } of sessions) {
      const parts = pieces.flatMap((piece) => piece.sessions).filter((part) => part.id === id);
      const texts = parts.flatMap((part) => [...(part.distinct[0] as Set<string>)]);
      assert.deepEqual(texts, [...(distinct[0] as Set<string>)], "each text once, in one of the parts");
      for (const part of parts)
        assert.deepEqual({ ...part, bytes: 0 }, { id, ...rest, distinct: part.distinct });
    }
    assert.deepEqual(pieces.flatMap((piece) => piece.transitions).sort(), [...transitions.entries()].sort());
  }
  assert.deepEqual([...encodeClosedPane({ sessions: [], transitions: new TransitionCounts() })], []);
});
