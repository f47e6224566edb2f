const TOP_PAGES = 5;
const PEAKS = 3;

/** A row of a window: `window_start`, `window_end`, keys, measures. */
export type WindowRow = Readonly<Record<string, string | number>>;

/** Something counted, with its name. */
export interface Named {
  name: string;
  events: number;
}

/** What a person wants to know at the end. Parts whose query did not run are empty or null. */
export interface Summary {
  /** From the first to the last event time that windows without overlap cover, ms since the epoch; null without windows. */
  span: { fromMs: number; toMs: number } | null;
  /** Events in those windows. */
  events: number;
  /** The pages with the most events, most first. */
  topPages: Named[];
  /** The windows with the most events, none overlapping another, most first. */
  peaks: { startMs: number; endMs: number; events: number }[];
  /** Most first. */
  devices: Named[];
  /** Distinct users over all windows. */
  activeUsers: number | null;
  /** Users of the mean window. */
  usersPerWindow: number | null;
  /** Mean time from first to last event of a session, inside a window: a session that spans two counts in both. */
  meanSessionSeconds: number | null;
  /** From their first event to their last; null when there are none. */
  wholeSessions: { count: number; meanSeconds: number; bounceShare: number } | null;
}

/**
 * Builds a summary from rows. All but peaks must come from windows that do not overlap, so that nothing counts twice.
 * Keeps one number a page and device and one name a user.
 */
export class SummaryBuilder {
  readonly #pages = new Map<string, number>();
  readonly #devices = new Map<string, number>();
  readonly #users = new Set<string>();
  readonly #peaks: Summary["peaks"] = [];
  readonly #totals = { windows: 0, events: 0, users: 0, sessions: 0, sessionSeconds: 0 };
  readonly #whole = { count: 0, seconds: 0, bounces: 0 };
  #span: Summary["span"] = null;

  /** A row of `window_totals`, of any window. */
  addPeak(row: WindowRow): void {
    this.#peaks.push({ ...boundsOf(row), events: Number(row.events) });
  }

  /** A row of a whole session. */
  addSession(row: WindowRow): void {
    this.#whole.count++;
    this.#whole.seconds += Number(row.session_seconds);
    this.#whole.bounces += Number(row.bounce);
  }

  /** A row of a standard query; others are ignored. */
  add(query: string, row: WindowRow): void {
    if (query === "url_counts") increase(this.#pages, String(row.url), Number(row.events));
    if (query === "device_counts") increase(this.#devices, String(row.device_type), Number(row.events));
    if (query === "user_activity") this.#users.add(String(row.user_id));
    if (query === "window_totals") this.#addTotals(row);
  }

  result(): Summary {
    const { windows, events, users, sessions, sessionSeconds } = this.#totals;
    const { count, seconds, bounces } = this.#whole;
    return {
      span: this.#span,
      events,
      topPages: mostFirst(this.#pages).slice(0, TOP_PAGES),
      peaks: greatestApart(this.#peaks),
      devices: mostFirst(this.#devices),
      activeUsers: this.#users.size === 0 ? null : this.#users.size,
      usersPerWindow: windows === 0 ? null : users / windows,
      meanSessionSeconds: sessions === 0 ? null : sessionSeconds / sessions,
      wholeSessions:
        count === 0 ? null : { count, meanSeconds: seconds / count, bounceShare: bounces / count },
    };
  }

  #addTotals(row: WindowRow): void {
    const totals = this.#totals;
    totals.windows++;
    totals.events += Number(row.events);
    totals.users += Number(row.users);
    totals.sessions += Number(row.sessions);
    totals.sessionSeconds += Number(row.session_seconds);
    const { startMs, endMs } = boundsOf(row);
    this.#span = {
      fromMs: Math.min(this.#span?.fromMs ?? startMs, startMs),
      toMs: Math.max(this.#span?.toMs ?? endMs, endMs),
    };
  }
}

function boundsOf(row: WindowRow): { startMs: number; endMs: number } {
  return { startMs: Date.parse(String(row.window_start)), endMs: Date.parse(String(row.window_end)) };
}

function increase(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

function mostFirst(counts: ReadonlyMap<string, number>): Named[] {
  return [...counts]
    .map(([name, events]) => ({ name, events }))
    .sort((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1));
}

function greatestApart(windows: Summary["peaks"]): Summary["peaks"] {
  const chosen: Summary["peaks"] = [];
  for (const window of windows.toSorted((a, b) => b.events - a.events || a.startMs - b.startMs)) {
    if (chosen.length === PEAKS) break;
    const apart = chosen.every((peak) => window.endMs <= peak.startMs || peak.endMs <= window.startMs);
    if (apart) chosen.push(window);
  }
  return chosen;
}
