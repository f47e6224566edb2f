import type { ClickEvent, KeyField } from "../events/event.ts";
import type { QueryPlan, SessionRule, WindowLengths } from "../queries/plan.ts";
import { EventWindows } from "./event-windows.ts";
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

/** Whole sessions by the same rule, from all their events: pane after pane, each in the order of its events. */
export class OracleSessions {
  readonly #rule: SessionRule;
  readonly #queries: readonly QueryPlan[];
  readonly #closedThroughMs: number;
  /** By the end of their pane: events that count and are in no session yet. */
  readonly #panes = new Map<number, PlacedEvent[]>();
  /** By id: the events, in their order, of the session that may go on. */
  readonly #open = new Map<string, ClickEvent[]>();
  /** Up to it rows were handed out. */
  #throughMs = Number.NEGATIVE_INFINITY;
  /** Of each query of transitions. */
  readonly #transitions: ReadonlyMap<QueryPlan, EventWindows>;

  /** `queries` have one rule in common. */
  constructor(
    queries: readonly QueryPlan[],
    rule: SessionRule,
    pipeline: WindowLengths,
    closedThroughMs: number,
  ) {
    this.#rule = rule;
    this.#queries = queries;
    this.#closedThroughMs = closedThroughMs;
    const ofTransitions = queries.filter(({ sessions }) => sessions?.rows === "transitions");
    this.#transitions = new Map(
      ofTransitions.map((query) => [query, new EventWindows(query.windows ?? pipeline)]),
    );
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
    const events = this.#panes.get(endMs);
    if (events === undefined) this.#panes.set(endMs, [placed]);
    else events.push(placed);
    return true;
  }

  /** Hands out, once, the windows that end by `leastMs`: no event that counts is still to come below it. */
  takeComplete(leastMs: number): SessionWindow[] {
    const { paneMs } = this.#rule;
    const throughMs = Math.floor(Math.min(leastMs, this.#closedThroughMs) / paneMs) * paneMs;
    if (throughMs <= this.#throughMs) return [];
    this.#throughMs = throughMs;
    const ended = [...this.#endedBy(throughMs)];
    return this.#queries.flatMap((query) => {
      const transitions = this.#transitions.get(query);
      if (transitions === undefined) return this.#sessionRows(query, ended);
      return transitions.takeComplete(throughMs).map(({ startMs, endMs, events }) => ({
        query: query.name,
        windowStartMs: startMs,
        rows: rowsOf(query, { startMs, endMs }, events),
      }));
    });
  }

  /** The sessions that are over by the end of a pane, which were not before. */
  *#endedBy(throughMs: number): Generator<ClickEvent[]> {
    const panes = [...this.#panes].filter(([endMs]) => endMs <= throughMs).sort(([a], [b]) => a - b);
    for (const [endMs, events] of panes) {
      this.#panes.delete(endMs);
      events.sort(
        (a, b) => a.event.timeMs - b.event.timeMs || a.offset - b.offset || a.partition - b.partition,
      );
      for (const { event } of events) {
        const session = this.#open.get(event.session_id);
        const before = session?.at(-1);
        if (session === undefined || before === undefined) {
          this.#open.set(event.session_id, [event]);
        } else if (event.timeMs - before.timeMs <= this.#rule.gapMs) {
          this.#transition(before, event);
          session.push(event);
        } else {
          yield session;
          this.#open.set(event.session_id, [event]);
        }
      }
    }
    for (const [id, session] of this.#open) {
      if (this.#endOf(session) > throughMs) continue;
      yield session;
      this.#open.delete(id);
    }
  }

  #sessionRows(query: QueryPlan, ended: readonly ClickEvent[][]): SessionWindow[] {
    const byEnd = Map.groupBy(ended, (session) => this.#endOf(session));
    return [...byEnd]
      .sort(([a], [b]) => a - b)
      .map(([endMs, sessions]) => {
        const startMs = endMs - this.#rule.paneMs;
        const rows = rowsOf(query, { startMs, endMs }, sessions.flat());
        return { query: query.name, windowStartMs: startMs, rows };
      });
  }

  #transition(from: ClickEvent, to: ClickEvent): void {
    if (from.url === to.url) return;
    const transition = { timeMs: to.timeMs, from_page: from.url, to_page: to.url } as unknown as ClickEvent;
    for (const windows of this.#transitions.values()) {
      windows.add(transition, Number.NEGATIVE_INFINITY, this.#closedThroughMs);
    }
  }

  /** End of the pane in which the session's rows are. */
  #endOf(session: readonly ClickEvent[]): number {
    return this.#paneEnd((session.at(-1) as ClickEvent).timeMs + this.#rule.gapMs);
  }

  #paneEnd(timeMs: number): number {
    const { paneMs } = this.#rule;
    return Math.floor(timeMs / paneMs) * paneMs + paneMs;
  }
}
