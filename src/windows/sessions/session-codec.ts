import { openSealed, SLOT_FORMATS, sealed } from "../sealed-bytes.ts";
import { type Session, sessionBytes, textBytes } from "./session.ts";
import type { TransitionCounts } from "./transition-counts.ts";

/** What is kept of a pane after it has closed: the sessions whose last event it holds, and its transitions. */
export interface ClosedPane {
  readonly sessions: readonly Session[];
  readonly transitions: TransitionCounts;
}

/** A session as it is written, or a part of one: those of the same id and last time have parts of its distinct texts. */
type StoredSession = Pick<Session, "id" | "firstMs" | "lastMs" | "events" | "counts" | "first" | "last"> & {
  distinct: string[][];
};

type StoredTransition = [from: string, to: string, count: number];

interface StoredPiece {
  sessions: StoredSession[];
  transitions: StoredTransition[];
}

/** Far below the longest string, and what the state takes at once. */
const PIECE_CHARACTERS = 1 << 23;

/** A closed pane as pieces that stand alone: format (u8) | JSON | CRC-32 (u32). None for a pane of which nothing is kept. */
export function* encodeClosedPane(
  { sessions, transitions }: ClosedPane,
  pieceCharacters = PIECE_CHARACTERS,
): Generator<Uint8Array> {
  let piece: StoredPiece = { sessions: [], transitions: [] };
  let characters = 0;
  const seal = (): Uint8Array => {
    const bytes = sealed(Uint8Array.of(SLOT_FORMATS.sessions), Buffer.from(JSON.stringify(piece)));
    piece = { sessions: [], transitions: [] };
    characters = 0;
    return bytes;
  };
  const begin = ({ distinct, bytes: _, ...session }: Session): StoredSession => {
    const part = { ...session, distinct: distinct.map(() => []) };
    piece.sessions.push(part);
    characters += 200 + session.id.length + lengthOf(session.first) + lengthOf(session.last);
    return part;
  };
  for (const session of sessions) {
    let part = begin(session);
    for (const [index, texts] of session.distinct.entries()) {
      for (const text of texts) {
        if (characters >= pieceCharacters) {
          yield seal();
          part = begin(session);
        }
        part.distinct[index]?.push(text);
        characters += text.length + 3;
      }
    }
  }
  for (const [from, to, count] of transitions.entries()) {
    if (characters >= pieceCharacters) yield seal();
    piece.transitions.push([from, to, count]);
    characters += from.length + to.length + 20;
  }
  if (characters > 0) yield seal();
}

/** Reads one piece. Crashes on bytes that were damaged. */
export function decodeClosedPane(encoded: Uint8Array): {
  sessions: Session[];
  transitions: StoredTransition[];
} {
  const reader = openSealed(encoded, SLOT_FORMATS.sessions);
  const { sessions, transitions } = JSON.parse(reader.rest().toString()) as StoredPiece;
  return {
    sessions: sessions.map(({ distinct, ...session }) => ({
      ...session,
      distinct: distinct.map((texts) => new Set(texts)),
      bytes: distinct
        .flat()
        .reduce(
          (total, text) => total + textBytes(text),
          sessionBytes(session.id, session.first, session.last),
        ),
    })),
    transitions,
  };
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((total, { length }) => total + length, 0);
}
