import type { ClickEvent, KeyField } from "../events/event.ts";
import type { QueryPlan } from "../queries/plan.ts";
import { sessionFieldsOf } from "./sessions.ts";

/** Texts to share at most: enough for the users and sessions of a day, and a bound. */
const MOST_SHARED_TEXTS = 2_000_000;

/** Makes events small enough to hold those of many windows: some 100 bytes each. */
export class SlimEvents {
  readonly #usedFields: readonly KeyField[];
  /** Each text once: events of a day-long window are many, and say the same again and again. */
  readonly #texts = new Map<string, string>();

  constructor(queries: readonly QueryPlan[]) {
    this.#usedFields = [...new Set(queries.flatMap(fieldsOf))];
  }

  /** What the queries need of an event. */
  of(event: ClickEvent): ClickEvent {
    const slim: Partial<Record<KeyField, string>> & { timeMs: number } = { timeMs: event.timeMs };
    for (const field of this.#usedFields) slim[field] = this.#shared(event[field]);
    return slim as ClickEvent;
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST_SHARED_TEXTS) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}

function fieldsOf(query: QueryPlan): KeyField[] {
  if (query.sessions !== undefined) return sessionFieldsOf(query);
  if (query.arrivals) return [];
  const { by, measures } = query;
  return [
    ...by,
    ...Object.values(measures).flatMap((measure) => ("field" in measure ? [measure.field] : [])),
  ];
}
