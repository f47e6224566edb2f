import type { EventColumns, RejectedRows } from "../../events/columns.ts";
import { Dictionary } from "../../events/dictionary.ts";
import type { DeadReason } from "../../events/reasons.ts";
import type { RecordColumns } from "../../events/records.ts";
import { AGE, ageSeconds, EVENT_FATES, FATE, GREATEST_AGE_SECONDS } from "../../queries/arrivals.ts";
import type { EncodedSlot } from "../../windows/open-windows.ts";
import { paneStart } from "../../windows/panes.ts";
import { encodeSlot } from "../../windows/slot-codec.ts";
import { TupleTable } from "../../windows/tuple-table.ts";
import type { WindowGroup } from "../../windows/window-groups.ts";
import { DUPLICATE, FUTURE } from "./admission.ts";
import { isCounted } from "./slot-ids.ts";

/** A batch of a partition after it was scanned, admitted and counted. */
export interface FatedBatch {
  readonly events: EventColumns;
  readonly rejected: RejectedRows;
  /** By event: the watermark that it met, or why it met none. */
  readonly watermarksMs: Float64Array;
  /** What counts events. */
  readonly groups: readonly { readonly slots: Int32Array }[];
}

const [COUNTED, REPEATED, LATE] = [0, 1, 2];
/** Places of a fate's ages. */
const AGES = GREATEST_AGE_SECONDS + 1;

/** Records that came while their partition was in one window's time. */
interface Pane {
  readonly startMs: number;
  readonly endMs: number;
  /** Events by fate and age. */
  readonly events: Uint32Array;
  readonly dead: Map<DeadReason, number>;
}

/** What became of all records that a worker read since its last flush, by the window that they came in. */
export class Arrivals {
  readonly #group: number;
  readonly #windows: WindowGroup;
  readonly #panes = new Map<number, Pane>();

  /** `group` is the place of the windows in the pipeline. */
  constructor(windows: WindowGroup, group: number) {
    this.#windows = windows;
    this.#group = group;
  }

  /**
   * Hot: counts a batch in offset order. `cameAtMs` is the time that the partition had come to before it, −∞ before its
   * first event. Some 10 to 25 ns an event: its fate and its age are looked up, one number goes up.
   */
  add(
    { events, rejected, watermarksMs, groups }: FatedBatch,
    records: RecordColumns,
    cameAtMs: number,
  ): void {
    const { count, row: rows, timeMs } = events;
    const { timestampMs } = records;
    let pane = this.#paneOf(cameAtMs);
    let endMs = pane?.endMs ?? Number.NEGATIVE_INFINITY;
    let dead = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number;
      while (dead < rejected.count && (rejected.row[dead] as number) < row)
        bury(pane, rejected.reason[dead++]!);
      const watermarkMs = watermarksMs[i] as number;
      if (!(watermarkMs < FUTURE)) {
        bury(pane, watermarkMs === FUTURE ? "from_the_future" : "no_record_time");
        continue;
      }
      const eventMs = timeMs[i] as number;
      if (eventMs >= endMs) {
        pane = this.#paneOf(eventMs) as Pane;
        endMs = pane.endMs;
      }
      const fate = isCounted(groups, i) ? COUNTED : watermarkMs === DUPLICATE ? REPEATED : LATE;
      const place = fate! * AGES + ageSeconds(eventMs, timestampMs[row] as number);
      const counts = pane!.events;
      counts[place] = (counts[place] as number) + 1;
    }
    while (dead < rejected.count) bury(pane, rejected.reason[dead++]!);
  }

  /** Everything counted, and forgets it. */
  take(): EncodedSlot[] {
    const slots = [...this.#panes.values()].flatMap((pane) => this.#encoded(pane) ?? []);
    this.#panes.clear();
    return slots;
  }

  #paneOf(timeMs: number): Pane | undefined {
    if (timeMs === Number.NEGATIVE_INFINITY) return undefined;
    const { slideMs } = this.#windows.windows;
    const startMs = paneStart(timeMs, slideMs);
    let pane = this.#panes.get(startMs);
    if (pane === undefined) {
      const events = new Uint32Array(EVENT_FATES.length * AGES);
      pane = { startMs, endMs: startMs + slideMs, events, dead: new Map() };
      this.#panes.set(startMs, pane);
    }
    return pane;
  }

  /** Undefined where nothing came. */
  #encoded({ startMs, endMs, events, dead }: Pane): EncodedSlot | undefined {
    const { plan } = this.#windows;
    const { fields } = plan.tables[0]!;
    const table = new TupleTable(fields.length, false);
    const strings = { [FATE]: new Dictionary(), [AGE]: new Dictionary() };
    const key = new Int32Array(fields.length);
    const add = (fate: string, age: number, count: number): void => {
      key[fields.indexOf(FATE)] = strings[FATE]!.internString(fate);
      key[fields.indexOf(AGE)] = strings[AGE]!.internString(String(age));
      table.add(table.row(key, 0), count, 0, 0);
    };
    for (let place = 0; place < events.length; place++) {
      const count = events[place] as number;
      if (count > 0) add(EVENT_FATES[Math.floor(place / AGES)]!, place % AGES, count);
    }
    for (const [reason, count] of dead) add(reason, 0, count);
    if (table.size === 0) return undefined;
    const rows = Int32Array.from({ length: table.size }, (_, row) => row);
    const bytes = encodeSlot(plan, strings, [{ columns: table, keyOffset: 0, rows }], startMs);
    return { group: this.#group, paneStartMs: startMs, firstEndMs: endMs, bytes };
  }
}

function bury(pane: Pane | undefined, reason: DeadReason): void {
  pane?.dead.set(reason, (pane.dead.get(reason) ?? 0) + 1);
}
