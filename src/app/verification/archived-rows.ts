import { ArchivedDays } from "../../history/archived-day.ts";
import type { WindowText } from "../../history/window-texts.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import { type ArchiveIndex, archiveOf, isDropped, readArchiveIndex } from "../../sinks/archive-index.ts";
import { type Day, dayOf } from "../../sinks/archive-path.ts";

/** Where the rows of a window are. */
export type RowPlace = "archive" | "files" | "dropped";

const LIMITS = { memoryMb: 256, threads: 1 };

/** A day under reading. */
interface OpenDay {
  day: Day;
  windows: AsyncGenerator<WindowText>;
  next: IteratorResult<WindowText>;
}

/**
 * The archived rows of an output, handed out window by window in ascending order, so that of each query one window is in
 * memory, beside what DuckDB sorts.
 */
export class ArchivedRows implements AsyncDisposable {
  readonly #output: string;
  readonly #days: ArchivedDays;
  readonly #open = new Map<string, OpenDay>();
  /** By query: archived days that were opened. */
  readonly #begun = new Map<string, Set<Day>>();
  #index: ArchiveIndex;

  private constructor(output: string, index: ArchiveIndex) {
    this.#output = output;
    this.#index = index;
    this.#days = new ArchivedDays(output, LIMITS);
  }

  static async open(output: string): Promise<ArchivedRows> {
    return new ArchivedRows(output, await readArchiveIndex(output));
  }

  /** Looks again: days may have moved since. */
  async reload(): Promise<void> {
    this.#index = await readArchiveIndex(this.#output);
  }

  placeOf(query: string, windowStartMs: number): RowPlace {
    const archive = archiveOf(this.#index, query);
    const day = dayOf(windowStartMs);
    if (isDropped(archive, day)) return "dropped";
    return archive.days[day] === undefined ? "files" : "archive";
  }

  /** The first day that is kept of a query; null when all are. */
  keptFrom(query: string): Day | null {
    return archiveOf(this.#index, query).keptFrom;
  }

  /**
   * The rows of an archived window, and the windows of its day before it that nobody asked for. Starts must ascend.
   * Undefined rows: the archive has none for it.
   */
  async take(
    plan: QueryPlan,
    windowStartMs: number,
  ): Promise<{ rows: string | undefined; passed: WindowText[] }> {
    const passed: WindowText[] = [];
    const open = await this.#dayOf(plan, dayOf(windowStartMs), passed);
    for (
      ;
      !open.next.done && open.next.value.startMs <= windowStartMs;
      open.next = await open.windows.next()
    ) {
      const { startMs, text } = open.next.value;
      if (startMs === windowStartMs) {
        open.next = await open.windows.next();
        return { rows: text, passed };
      }
      passed.push(open.next.value);
    }
    return { rows: undefined, passed };
  }

  /** The archived windows of a query that are left, one after the other. */
  async *rest(plan: QueryPlan): AsyncGenerator<WindowText> {
    yield* remaining(this.#open.get(plan.name));
    const begun = this.#begun.get(plan.name);
    for (const [day, archived] of Object.entries(archiveOf(this.#index, plan.name).days)) {
      if (begun?.has(day) !== true) yield* this.#days.windows(plan, day, archived);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { windows } of this.#open.values()) await windows.return(undefined);
    this.#days[Symbol.dispose]();
  }

  async #dayOf(plan: QueryPlan, day: Day, passed: WindowText[]): Promise<OpenDay> {
    const before = this.#open.get(plan.name);
    if (before?.day === day) return before;
    for await (const window of remaining(before)) passed.push(window);
    const archived = archiveOf(this.#index, plan.name).days[day];
    if (archived === undefined) throw new Error(`${day} is not archived`);
    const windows = this.#days.windows(plan, day, archived);
    const open = { day, windows, next: await windows.next() };
    this.#open.set(plan.name, open);
    this.#begun.set(plan.name, new Set([...(this.#begun.get(plan.name) ?? []), day]));
    return open;
  }
}

async function* remaining(open: OpenDay | undefined): AsyncGenerator<WindowText> {
  if (open === undefined) return;
  for (; !open.next.done; open.next = await open.windows.next()) yield open.next.value;
}
