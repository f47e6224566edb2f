import type { KeyField } from "../events/event.ts";
import type { Measure, QueryPlan, SessionRule, WindowLengths } from "./plan.ts";
import { count, countDistinct, maxTime, minTime, timeSpan } from "./query.ts";
import { ACTION_COUNTS } from "./standard.ts";

const first = (field: KeyField): Measure => ({ kind: "first", field });
const last = (field: KeyField): Measure => ({ kind: "last", field });
const single = (field: KeyField): Measure => ({ kind: "single", field });

/** Windows and panes are named by whole seconds. */
const SECOND_MS = 1_000;

/** Columns of a transition's pages. */
export const TRANSITION_PAGES = ["from_page", "to_page"] as const;

/**
 * The queries of whole sessions: `sessions` and `transitions`. `gapMs` is the silence that ends a session, at least a second;
 * `pipeline` the windows of transitions.
 */
export function sessionQueries(gapMs: number, pipeline: WindowLengths): readonly QueryPlan[] {
  const paneMs = sessionPaneMs(gapMs, pipeline.slideMs);
  const rule = (rows: SessionRule["rows"]): SessionRule => Object.freeze({ gapMs, paneMs, rows });
  return [
    Object.freeze({
      name: "sessions",
      by: Object.freeze<KeyField[]>(["session_id"]),
      measures: Object.freeze({
        user_id: first("user_id"),
        device_type: first("device_type"),
        browser: first("browser"),
        first_seen: minTime(),
        last_seen: maxTime(),
        session_seconds: timeSpan("session_id"),
        events: count(),
        ...ACTION_COUNTS,
        pages: countDistinct("url"),
        entry_page: first("url"),
        exit_page: last("url"),
        bounce: single("url"),
      }),
      windows: Object.freeze({ sizeMs: paneMs, slideMs: paneMs }),
      sessions: rule("sessions"),
    }),
    Object.freeze({
      name: "transitions",
      by: Object.freeze(TRANSITION_PAGES.map((column) => column as string as KeyField)),
      measures: Object.freeze({ transitions: count() }),
      sessions: rule("transitions"),
    }),
  ];
}

/** The longest part of the slide, in whole seconds, that is no longer than the gap: so at most one session of an id ends in it. */
function sessionPaneMs(gapMs: number, slideMs: number): number {
  let parts = Math.ceil(slideMs / gapMs);
  while ((slideMs / parts) % SECOND_MS !== 0) parts++;
  return slideMs / parts;
}
