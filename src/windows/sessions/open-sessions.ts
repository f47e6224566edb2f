import type { QueryPlan, WindowLengths } from "../../queries/plan.ts";
import { paneStart } from "../panes.ts";
import type { EncodedRows } from "../rows.ts";
import { SLOT_FORMATS } from "../sealed-bytes.ts";
import type { WindowGroup } from "../window-groups.ts";
import { latestTimeMs } from "./event-codec.ts";
import { readPane } from "./pane-events.ts";
import { type Session, SessionFolder } from "./session.ts";
import { decodeClosedPane, encodeClosedPane } from "./session-codec.ts";
import { encodeSessions, encodeTransitions } from "./session-rows.ts";
import { type SessionShape, sessionShapeOf } from "./session-shape.ts";
import { SharedTexts } from "./shared-texts.ts";
import { TransitionCounts } from "./transition-counts.ts";

/** A pane that has not closed: its events as they came. */
interface OpenPane {
  readonly parts: Uint8Array[];
  latestMs: number;
}

/** What the state must hold of a pane from now on, in place of its events. */
export interface PaneRewrite {
  readonly paneStartMs: number;
  readonly firstEndMs: number;
  readonly parts: Iterable<Uint8Array>;
}

/** The final rows of a query in one window. */
interface WindowRows extends EncodedRows {
  readonly query: string;
  readonly windowStartMs: number;
}

/** A session query with its windows. */
interface SessionQuery extends QueryPlan {
  readonly windows: WindowLengths;
}

/**
 * Sessions that may still go on, and the events of panes that have not closed. Closing a pane adds its events to sessions in
 * their order, so that of closed panes only sums, texts and the last event of each session are kept.
 */
export class OpenSessions {
  private readonly gapMs: number;
  private readonly paneMs: number;
  private readonly keptMs: number;
  private readonly shape: SessionShape;
  private readonly sessionQueries: readonly SessionQuery[];
  private readonly transitionQueries: readonly SessionQuery[];
  private readonly panes = new Map<number, OpenPane>();
  /** By id: of those with events in closed panes. At most one of an id has not ended. */
  private readonly sessions = new Map<string, Session>();
  /** By the end of the window that they end in. */
  private readonly ending = new Map<number, Set<Session>>();
  /** By start of a closed pane. */
  private readonly transitions = new Map<number, TransitionCounts>();
  /** Panes that have closed since the state was written, with the sessions that had events in them. */
  private unwritten = new Map<number, Session[]>();
  private readonly texts = new SharedTexts();
  private openBytes = 0;
  private sessionBytes = 0;

  constructor({ windows, queries, sessions }: WindowGroup) {
    if (sessions === undefined) throw new Error("the group has no sessions");
    const { gapMs, paneMs } = sessions;
    this.gapMs = gapMs;
    this.paneMs = paneMs;
    this.keptMs = windows.sizeMs;
    this.shape = sessionShapeOf(queries);
    const own = queries as readonly SessionQuery[];
    this.sessionQueries = own.filter((query) => query.sessions?.rows === "sessions");
    this.transitionQueries = own.filter((query) => query.sessions?.rows === "transitions");
  }

  /** Adds what a worker or the state has of a pane: events, or sessions once it has closed. */
  add(paneStartMs: number, bytes: Uint8Array): void {
    if (bytes[0] === SLOT_FORMATS.events) this.addEvents(paneStartMs, bytes);
    else this.addClosed(paneStartMs, bytes);
  }

  /** Ends of windows after `afterMs` and by `throughMs` that must be closed, ascending: rows may come of them, or none. */
  ends(afterMs: number, throughMs: number): number[] {
    const ends = new Set<number>();
    const addFrom = (firstMs: number, lastMs: number): void => {
      const untilMs = Math.min(lastMs, throughMs);
      const fromMs = Math.max(firstMs, paneStart(afterMs, this.paneMs) + this.paneMs);
      for (let endMs = fromMs; endMs <= untilMs; endMs += this.paneMs) ends.add(endMs);
    };
    for (const [startMs, { latestMs }] of this.panes) {
      addFrom(startMs + this.paneMs, Math.max(this.endOf(latestMs), this.lastTransitionEnd(startMs)));
    }
    for (const startMs of this.transitions.keys()) {
      addFrom(startMs + this.paneMs, this.lastTransitionEnd(startMs));
    }
    for (const endMs of this.ending.keys()) if (endMs > afterMs && endMs <= throughMs) ends.add(endMs);
    return [...ends].sort((a, b) => a - b);
  }

  /**
   * Closes the pane that ends at `endMs` and hands out, once, the final rows of windows that end there: of queries that have
   * any. Must be asked for in ascending order.
   */
  close(endMs: number): WindowRows[] {
    this.closePane(endMs - this.paneMs);
    const closed = [...this.endedSessions(endMs), ...this.windowTransitions(endMs)];
    return closed.filter(({ rowCount }) => rowCount > 0);
  }

  /** What the state must hold of panes that have closed since the call before. */
  takeRewrites(): PaneRewrite[] {
    const rewrites = [...this.unwritten].map(([paneStartMs, touched]) => {
      const isLast = (session: Session): boolean =>
        this.sessions.get(session.id) === session && paneStart(session.lastMs, this.paneMs) === paneStartMs;
      const transitions = this.transitions.get(paneStartMs) ?? new TransitionCounts();
      const pane = { sessions: touched.filter(isLast), transitions };
      return { paneStartMs, firstEndMs: paneStartMs + this.paneMs, parts: encodeClosedPane(pane) };
    });
    this.unwritten = new Map();
    return rewrites;
  }

  /** Forgets what no window after `closedThroughMs` needs. */
  drop(closedThroughMs: number): void {
    for (const startMs of this.transitions.keys()) {
      if (startMs + this.keptMs <= closedThroughMs) this.transitions.delete(startMs);
    }
    for (const endMs of this.ending.keys()) if (endMs <= closedThroughMs) this.forgetEnded(endMs);
  }

  /** Panes that have not closed. */
  get size(): number {
    return this.panes.size;
  }

  /** End of the last window that may have rows, −∞ when there is none. */
  get lastEndMs(): number {
    const [last = Number.NEGATIVE_INFINITY] = this.ends(
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ).slice(-1);
    return last;
  }

  /** Bytes held, about. */
  get byteLength(): number {
    return this.openBytes + this.sessionBytes;
  }

  private addEvents(startMs: number, bytes: Uint8Array): void {
    const pane = this.panes.get(startMs);
    const latestMs = latestTimeMs(bytes, startMs);
    this.openBytes += bytes.length;
    if (pane === undefined) {
      this.panes.set(startMs, { parts: [bytes], latestMs });
    } else {
      pane.parts.push(bytes);
      pane.latestMs = Math.max(pane.latestMs, latestMs);
    }
  }

  /**
   * Sessions as of the pane's end. The state may hold others of the same ids from earlier panes: those have ended, or are
   * what these were before.
   */
  private addClosed(startMs: number, bytes: Uint8Array): void {
    const { sessions, transitions } = decodeClosedPane(bytes);
    for (const session of sessions) {
      const known = this.sessions.get(session.id);
      if (known?.lastMs === session.lastMs) this.addPart(known, session);
      else if (known === undefined || known.lastMs < session.lastMs) this.replace(known, session);
    }
    for (const [from, to, count] of transitions) this.transitionsOf(startMs).add(from, to, count);
  }

  private addPart(known: Session, { distinct, bytes }: Session): void {
    distinct.forEach((texts, index) => {
      for (const text of texts) known.distinct[index]?.add(text);
    });
    known.bytes += bytes;
    this.sessionBytes += bytes;
  }

  private closePane(startMs: number): void {
    const open = this.panes.get(startMs);
    if (open === undefined) return;
    this.panes.delete(startMs);
    for (const part of open.parts) this.openBytes -= part.length;
    const pane = readPane(this.shape.fields, open.parts, startMs);
    const folder = new SessionFolder(this.shape, pane, (text) => this.texts.shared(text));
    const touched = pane.sessions.map((events) => {
      const first = events[0] as number;
      const known = this.sessions.get(folder.text("session_id", first));
      const goesOn = known !== undefined && (pane.timeMs[first] as number) - known.lastMs <= this.gapMs;
      const session = goesOn ? known : folder.begin(first);
      this.countTransitions(startMs, folder.pages(events), goesOn ? this.lastPage(known) : undefined);
      if (goesOn) this.remove(known);
      folder.add(session, events);
      this.put(session);
      return session;
    });
    this.unwritten.set(startMs, touched);
  }

  private countTransitions(startMs: number, pages: Iterable<string>, before: string | undefined): void {
    if (this.transitionQueries.length === 0) return;
    let from = before;
    for (const page of pages) {
      if (from !== undefined && page !== from) {
        this.transitionsOf(startMs).add(this.texts.shared(from), this.texts.shared(page), 1);
      }
      from = page;
    }
  }

  private lastPage({ last }: Session): string {
    return last[this.shape.last.indexOf("url")] as string;
  }

  private transitionsOf(startMs: number): TransitionCounts {
    let counts = this.transitions.get(startMs);
    if (counts === undefined) {
      counts = new TransitionCounts();
      this.transitions.set(startMs, counts);
    }
    return counts;
  }

  private *endedSessions(endMs: number): Generator<WindowRows> {
    const ended = this.ending.get(endMs);
    if (ended === undefined) return;
    const windowStartMs = endMs - this.paneMs;
    for (const query of this.sessionQueries) {
      const rows = encodeSessions(query, this.shape, ended, { startMs: windowStartMs, endMs });
      yield { query: query.name, windowStartMs, ...rows };
    }
    this.forgetEnded(endMs);
  }

  private *windowTransitions(endMs: number): Generator<WindowRows> {
    for (const query of this.transitionQueries) {
      const { sizeMs, slideMs } = query.windows;
      if (endMs % slideMs !== 0) continue;
      const startMs = endMs - sizeMs;
      const counts = new TransitionCounts();
      for (const [paneMs, own] of this.transitions)
        if (paneMs >= startMs && paneMs < endMs) counts.addAll(own);
      yield {
        query: query.name,
        windowStartMs: startMs,
        ...encodeTransitions(query, counts, { startMs, endMs }),
      };
    }
  }

  /** End of the window in which a session ends whose last event is of this time. */
  private endOf(lastMs: number): number {
    return paneStart(lastMs + this.gapMs, this.paneMs) + this.paneMs;
  }

  /** End of the last window of transitions that holds a pane. */
  private lastTransitionEnd(startMs: number): number {
    const ends = this.transitionQueries.map(
      ({ windows }) => paneStart(startMs, windows.slideMs) + windows.sizeMs,
    );
    return Math.max(Number.NEGATIVE_INFINITY, ...ends);
  }

  private replace(known: Session | undefined, session: Session): void {
    if (known !== undefined) this.remove(known);
    this.put(session);
  }

  /** One that has ended with the same id stays until its window closes. */
  private put(session: Session): void {
    const endMs = this.endOf(session.lastMs);
    const ending = this.ending.get(endMs);
    if (ending === undefined) this.ending.set(endMs, new Set([session]));
    else ending.add(session);
    this.sessions.set(session.id, session);
    this.sessionBytes += session.bytes;
  }

  private remove(session: Session): void {
    const endMs = this.endOf(session.lastMs);
    const ending = this.ending.get(endMs);
    ending?.delete(session);
    if (ending?.size === 0) this.ending.delete(endMs);
    this.sessionBytes -= session.bytes;
  }

  private forgetEnded(endMs: number): void {
    for (const session of this.ending.get(endMs) ?? []) {
      if (this.sessions.get(session.id) === session) this.sessions.delete(session.id);
      this.sessionBytes -= session.bytes;
    }
    this.ending.delete(endMs);
  }
}
