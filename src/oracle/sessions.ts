import type { ClickEvent, KeyField } from "../events/event.ts";
import type { QueryPlan, SessionRule, WindowLengths } from "../queries/plan.ts";
import { rowsOf } from "./rows.ts";

/** An event and its place in the log. */
interface PlacedEvent {
  event: ClickEvent;
  partition: number;
  offset: number;
}

/** Rows of one window; queries without rows in a window have none. */
interface SessionWindow {
  query: string;
  windowStartMs: number;
  rows: string;
}

/** The fields of events that a query of whole sessions looks at. */
export function sessionFieldsOf({ measures }: QueryPlan): KeyField[] {
  const measured = Object.values(measures).flatMap((measure) => ("field" in measure ? [measure.field] : []));
  return ["session_id", "url", ...measured];
}

/** Whole sessions by the same rule, from all their events. */
export class OracleSessions {
  readonly #rule: SessionRule;
  readonly #queries: readonly QueryPlan[];
  readonly #pipeline: WindowLengths;
  readonly #closedThroughMs: number;
  /** By id: events that count, of sessions that were not handed out. */
  readonly #events = new Map<string, PlacedEvent[]>();
  #transitions: ClickEvent[] = [];
  /** Up to it all events are known, and rows were handed out. */
  #throughMs = Number.NEGATIVE_INFINITY;

  /** `queries` have one rule in common. */
  constructor(
    queries: readonly QueryPlan[],
    rule: SessionRule,
    pipeline: WindowLengths,
    closedThroughMs: number,
  ) {
    this.#rule = rule;
    this.#queries = queries;
    this.#pipeline = pipeline;
    this.#closedThroughMs = closedThroughMs;
  }

  /** An event of this time counts under watermarks below it. */
  countsUntilMs(timeMs: number): number {
    return this.#paneEnd(timeMs);
  }

  /** Takes an event under the watermark that it met; whether it counts. */
  add(placed: PlacedEvent, watermarkMs: number): boolean {
    const endMs = this.countsUntilMs(placed.event.timeMs);
    if (endMs <= watermarkMs) return false;
    if (endMs > this.#closedThroughMs) return true;
    const id = placed.event.session_id;
    const known = this.#events.get(id);
    if (known === undefined) this.#events.set(id, [placed]);
    else known.push(placed);
    return true;
  }

  /** Hands out, once, the windows that end by `leastMs`: no event that counts is still to come below it. */
  takeComplete(leastMs: number): SessionWindow[] {
    const { paneMs } = this.#rule;
    const throughMs = Math.floor(Math.min(leastMs, this.#closedThroughMs) / paneMs) * paneMs;
    const beforeMs = this.#throughMs;
    if (throughMs <= beforeMs) return [];
    this.#throughMs = throughMs;
    const ended: ClickEvent[][] = [];
    for (const [id, events] of this.#events) {
      const sessions = this.#sessionsOf(events);
      for (const session of sessions) {
        for (const [index, { event }] of session.entries()) {
          const isNew = event.timeMs >= beforeMs && event.timeMs < throughMs;
          if (isNew && index > 0) this.#transition((session[index - 1] as PlacedEvent).event, event);
        }
      }
      const isOver = (session: PlacedEvent[]): boolean => this.#sessionEnd(session) <= throughMs;
      ended.push(...sessions.filter(isOver).map((session) => session.map(({ event }) => event)));
      const open = sessions.filter((session) => !isOver(session)).flat();
      if (open.length === 0) this.#events.delete(id);
      else this.#events.set(id, open);
    }
    return this.#queries.flatMap((query) =>
      query.sessions?.rows === "sessions"
        ? this.#sessionRows(query, ended)
        : this.#transitionRows(query, beforeMs, throughMs),
    );
  }

  #sessionRows(query: QueryPlan, ended: readonly ClickEvent[][]): SessionWindow[] {
    const { gapMs, paneMs } = this.#rule;
    const byEnd = Map.groupBy(ended, (session) =>
      this.#paneEnd((session.at(-1) as ClickEvent).timeMs + gapMs),
    );
    return [...byEnd]
      .sort(([a], [b]) => a - b)
      .map(([endMs, sessions]) => {
        const startMs = endMs - paneMs;
        return {
          query: query.name,
          windowStartMs: startMs,
          rows: rowsOf(query, { startMs, endMs }, sessions.flat()),
        };
      });
  }

  #transitionRows(query: QueryPlan, beforeMs: number, throughMs: number): SessionWindow[] {
    const { sizeMs, slideMs } = query.windows ?? this.#pipeline;
    const ends = new Set(
      this.#transitions.flatMap(({ timeMs }) => {
        const lastStart = Math.floor(timeMs / slideMs) * slideMs;
        return Array.from({ length: sizeMs / slideMs }, (_, index) => lastStart - index * slideMs + sizeMs);
      }),
    );
    const complete = [...ends]
      .filter((endMs) => endMs > beforeMs && endMs <= throughMs)
      .sort((a, b) => a - b);
    const windows = complete.map((endMs) => {
      const startMs = endMs - sizeMs;
      const counted = this.#transitions.filter(({ timeMs }) => timeMs >= startMs && timeMs < endMs);
      return { query: query.name, windowStartMs: startMs, rows: rowsOf(query, { startMs, endMs }, counted) };
    });
    this.#transitions = this.#transitions.filter(({ timeMs }) => timeMs >= throughMs - sizeMs);
    return windows;
  }

  #transition(from: ClickEvent, to: ClickEvent): void {
    if (from.url === to.url) return;
    this.#transitions.push({
      timeMs: to.timeMs,
      from_page: from.url,
      to_page: to.url,
    } as unknown as ClickEvent);
  }

  /** One id's events in their order, cut where they are further apart than the gap. */
  #sessionsOf(events: readonly PlacedEvent[]): PlacedEvent[][] {
    const inOrder = events.toSorted(
      (a, b) => a.event.timeMs - b.event.timeMs || a.offset - b.offset || a.partition - b.partition,
    );
    const sessions: PlacedEvent[][] = [];
    for (const placed of inOrder) {
      const session = sessions.at(-1);
      const before = session?.at(-1);
      const goesOn = before !== undefined && placed.event.timeMs - before.event.timeMs <= this.#rule.gapMs;
      if (goesOn) session?.push(placed);
      else sessions.push([placed]);
    }
    return sessions;
  }

  #sessionEnd(session: readonly PlacedEvent[]): number {
    return this.#paneEnd((session.at(-1) as PlacedEvent).event.timeMs + this.#rule.gapMs);
  }

  #paneEnd(timeMs: number): number {
    const { paneMs } = this.#rule;
    return Math.floor(timeMs / paneMs) * paneMs + paneMs;
  }
}
