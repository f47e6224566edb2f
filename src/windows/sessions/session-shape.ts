import type { KeyField } from "../../events/event.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import { ordered } from "../table-plan.ts";

/** What is kept of each session so that all its rows can be made: each list without repeats. */
export interface SessionShape {
  /** Every field that is read of events. */
  readonly fields: readonly KeyField[];
  /** Field and text of the events that are counted apart. */
  readonly counted: readonly { readonly field: KeyField; readonly value: string }[];
  /** Fields of which the first text is kept. */
  readonly first: readonly KeyField[];
  /** Fields of which the last text is kept; the page is always among them. */
  readonly last: readonly KeyField[];
  /** Fields of which the distinct texts are kept. */
  readonly distinct: readonly KeyField[];
}

/** What the queries of whole sessions need to be kept. */
export function sessionShapeOf(queries: readonly QueryPlan[]): SessionShape {
  const measures = queries.flatMap(({ measures: own }) => Object.values(own));
  const counted = measures.flatMap((measure) => (measure.kind === "countWhere" ? [measure] : []));
  const first = measures.flatMap((measure) => (measure.kind === "first" ? [measure.field] : []));
  const last = measures.flatMap((measure) => (measure.kind === "last" ? [measure.field] : []));
  const distinct = measures.flatMap((measure) =>
    measure.kind === "countDistinct" || measure.kind === "single" ? [measure.field] : [],
  );
  return {
    fields: ordered([
      "session_id",
      "url",
      ...counted.map(({ field }) => field),
      ...first,
      ...last,
      ...distinct,
    ]),
    counted: counted.map(({ field, value }) => ({ field, value })),
    first: [...new Set(first)],
    last: [...new Set<KeyField>(["url", ...last])],
    distinct: [...new Set(distinct)],
  };
}
