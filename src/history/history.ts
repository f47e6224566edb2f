import { access, constants, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DuckDBConnection, DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { windowsOf } from "../queries/window-lengths.ts";
import { ARCHIVE_FOLDER } from "../sinks/archive-path.ts";
import { readManifest } from "../sinks/manifest-file.ts";
import { inferShape, OTHER_SHAPES, type RowShape, shapeOf } from "./columns.ts";
import { type Database, openDatabase } from "./database.ts";
import { type CopiedQuery, DayCopies } from "./day-copies.ts";
import {
  type DaySource,
  daySources,
  type ListRowFiles,
  namesOf,
  queriesIn,
  windowFileListing,
} from "./day-sources.ts";
import { SegmentCache } from "./segment-cache.ts";
import { segmentsOf } from "./segments.ts";
import { sqlError } from "./sql-errors.ts";
import { identifier, list, literal } from "./sql-text.ts";
import { checkStatement } from "./statement-check.ts";
import { noRows, rowsWithin, type Stretch, type StretchFile } from "./stretch-files.ts";
import { plainValue } from "./values.ts";

/** What a history is read from, and what reading may take. */
export interface HistoryOptions {
  /** The output folder; any engine's, with or without an engine at work. */
  output: string;
  clock: Pick<Clock, "nowMs">;
  /** Of each of two databases: one answers, one reads row files. */
  memoryMb: number;
  threads: number;
  /** How the engine that wrote the tree lists its final files; as the embedded one does, unless given. */
  listFiles?: ListRowFiles;
}

/** Rows of an answer, with plain values: times as texts, numbers beyond a double's as texts. */
export interface Answer {
  columns: string[];
  rows: unknown[][];
}

/** The rows of a query's windows that start in a stretch, as an item of a FROM clause. */
export type RowsOf = (query: string, stretch: Stretch) => string;

/** An answer that is still being computed. */
export interface StreamedAnswer {
  columns: string[];
  /** DuckDB's values, some thousand rows at a time. */
  chunks: AsyncIterable<DuckDBValue[][]>;
}

/** What is behind the view of a query. */
interface ReadQuery {
  view: string;
  shape: RowShape;
  /** Undefined when they were not read. */
  files: StretchFile[] | undefined;
  /** When its windows overlap; else there is nothing to copy. */
  copied: CopiedQuery | undefined;
}

/** Below the archive; `_` keeps it apart from queries. */
const CACHE_FOLDER = "_cache";
/** Below the cache. */
const COPIES_FOLDER = "_apart";
const ATTEMPTS = 5;

/**
 * All final rows of an output tree as one table a query, archived or not: a DuckDB database with read-only views over
 * Parquet files. Row files are made into such files once, and kept (`SegmentCache`).
 */
export class History implements AsyncDisposable {
  readonly #options: HistoryOptions;
  readonly #listFiles: ListRowFiles;
  readonly #database: Database;
  readonly #cache: SegmentCache;
  readonly #copies: DayCopies;
  readonly #temporary: string;
  #views: RowShape[] = [];
  /** By query, as they were last read. */
  readonly #read = new Map<string, ReadQuery>();
  #refreshing: Promise<unknown> = Promise.resolve();
  /** Answers that are being computed. */
  readonly #answers = new Set<Promise<unknown>>();
  readonly #connections = new Set<DuckDBConnection>();
  #isClosed = false;

  private constructor(options: HistoryOptions, database: Database, cache: SegmentCache, temporary: string) {
    this.#options = options;
    this.#listFiles = options.listFiles ?? windowFileListing(options.clock);
    this.#database = database;
    this.#cache = cache;
    const { memoryMb, threads } = options;
    this.#copies = new DayCopies(join(cache.folder, COPIES_FOLDER), { memoryMb, threads });
    this.#temporary = temporary;
  }

  /** Opens the history of an output folder. Views are there after the first `refresh`. */
  static async open(options: HistoryOptions): Promise<History> {
    const { memoryMb, threads, clock } = options;
    const output = resolve(options.output);
    const temporary = await mkdtemp(join(tmpdir(), "clickstream-history-"));
    const cacheFolder = await cacheFolderOf(output, temporary);
    const limits = { memoryMb, threads, spillFolder: join(temporary, "spill") };
    const database = await openDatabase(limits);
    const allowed = [join(output, ARCHIVE_FOLDER), cacheFolder].map((folder) => `${folder}/`);
    await database.connection.run(`SET allowed_directories = ${list(allowed)}`);
    await database.connection.run("SET enable_external_access = false");
    await database.connection.run("SET lock_configuration = true");
    const cache = new SegmentCache(cacheFolder, clock, limits);
    return new History({ ...options, output }, database, cache, temporary);
  }

  /** The views as the last `refresh` left them. */
  get views(): readonly RowShape[] {
    return this.#views;
  }

  /**
   * Takes in what was written since the last call; cheap when that was nothing. With names, only those views.
   * @throws ClickstreamError MANIFEST_UNREADABLE, ARCHIVE_UNREADABLE, HISTORY_CLOSED
   */
  refresh(names?: ReadonlySet<string>): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    const refreshed = this.#refreshing.then(() => this.#refresh(names));
    this.#refreshing = refreshed.catch(() => {});
    return refreshed;
  }

  /**
   * Makes the copies that one day lacks (`DayCopies`); false when none lacks any. Questions over many days are answered
   * several times as fast from these.
   * @throws ClickstreamError HISTORY_CLOSED
   */
  copyDay(): Promise<boolean> {
    if (this.#isClosed) return Promise.reject(closed());
    const made = this.#refreshing.then(() => this.#copyDay());
    this.#refreshing = made.catch(() => {});
    return made;
  }

  /**
   * The answer to a query of this program's own, over views as the last `refresh` left them. One that asks `rows` for what
   * it reads opens no more files than its stretch of time needs.
   * @throws ClickstreamError SQL_TIMEOUT, SQL_OUT_OF_MEMORY, HISTORY_CLOSED
   */
  async query(
    sql: string | ((rows: RowsOf) => string),
    values: DuckDBValue[] = [],
    timeoutMs = 30_000,
  ): Promise<Answer> {
    const rows: RowsOf = (query, stretch) => this.#rowsOf(query, stretch);
    const text = typeof sql === "string" ? () => sql : () => sql(rows);
    return this.#withConnection(async (connection) => {
      using _timer = interruptAfter(connection, timeoutMs);
      try {
        const reader = await this.#again(() => connection.runAndReadAll(text(), values));
        return {
          columns: reader.deduplicatedColumnNames(),
          rows: reader.getRows().map((row) => row.map(plainValue)),
        };
      } catch (cause) {
        throw sqlError(cause, text(), timeoutMs);
      }
    });
  }

  /**
   * Checks a statement of a stranger, brings the views that it reads up to date, and hands the answer to `use`.
   * @throws UsageError with the place of a mistake; ClickstreamError SQL_TIMEOUT, SQL_OUT_OF_MEMORY
   */
  async statement<T>(
    sql: string,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
    use: (answer: StreamedAnswer) => Promise<T>,
  ): Promise<T> {
    return this.#withConnection(async (connection) => {
      const { tables } = await checkStatement(connection, sql);
      await this.refresh(tables);
      using _timer = interruptAfter(connection, timeoutMs, signal);
      const failed = (cause: unknown): unknown =>
        signal?.aborted ? signal.reason : sqlError(cause, sql, timeoutMs);
      let result: DuckDBResult;
      try {
        result = await this.#again(() => connection.stream(sql));
      } catch (cause) {
        throw failed(cause);
      }
      return use({ columns: result.deduplicatedColumnNames(), chunks: chunksOf(result, failed) });
    });
  }

  /** Ends what is being computed. DuckDB would crash the process if its database went while a statement runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.interrupt();
    await Promise.allSettled(this.#answers);
    await this.#refreshing;
    this.#cache[Symbol.dispose]();
    this.#copies[Symbol.dispose]();
    this.#database[Symbol.dispose]();
    await rm(this.#temporary, { recursive: true, force: true });
  }

  async #withConnection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed();
    const answer = this.#connected(work);
    this.#answers.add(answer);
    try {
      return await answer;
    } finally {
      this.#answers.delete(answer);
    }
  }

  async #connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#database.connect();
    this.#connections.add(connection);
    try {
      if (this.#isClosed) throw closed();
      return await work(connection);
    } finally {
      this.#connections.delete(connection);
      connection.closeSync();
    }
  }

  /** A file may have gone since the view was made: into the archive, by retention, or with the whole cache. */
  async #again<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error as Error).message.startsWith("IO Error")) throw error;
      this.#cache.forget();
      this.#copies.forget();
      await this.refresh();
      return run();
    }
  }

  async #refresh(names: ReadonlySet<string> | undefined): Promise<void> {
    const { output } = this.#options;
    const manifest = await readManifest(output);
    const queries = manifest ? await namesOf(output, manifest) : await queriesIn(output);
    const views: RowShape[] = [];
    for (const query of queries) {
      const plan = manifest?.queries.find(({ name }) => name === query);
      const before = this.#views.find((shape) => shape.query === query);
      const isWanted = names === undefined || names.has(query) || !this.#read.has(query);
      const known = OTHER_SHAPES.find((shape) => shape.query === query) ?? before;
      const shape = plan === undefined ? (known ?? (await this.#inferred(query))) : shapeOf(plan);
      if (shape === undefined) continue;
      views.push(shape);
      const windows = plan && manifest && windowsOf(plan, manifest.windows);
      const copied =
        windows && windows.slideMs < windows.sizeMs ? { plan, sizeMs: windows.sizeMs } : undefined;
      if (isWanted) await this.#refreshView({ shape, copied }, names === undefined || names.has(query));
    }
    this.#views = views;
  }

  async #refreshView(
    { shape, copied }: Pick<ReadQuery, "shape" | "copied">,
    withRows: boolean,
  ): Promise<void> {
    let files = withRows ? await this.#filesOf(shape) : undefined;
    if (files !== undefined && copied !== undefined) files = await this.#copies.addTo(copied, files);
    const columns = shape.columns.map(({ name }) => identifier(name)).join(", ");
    const unread = `error(${literal(`${shape.query} was not read`)}) IS NULL`; // never an empty answer by mistake
    const rows = files === undefined ? noRows(shape, unread) : rowsWithin(shape, files);
    const view = `CREATE OR REPLACE VIEW ${identifier(shape.query)} AS SELECT ${columns} FROM ${rows}`;
    if (this.#read.get(shape.query)?.view !== view) await this.#database.connection.run(view);
    this.#read.set(shape.query, { view, shape, files, copied });
  }

  #rowsOf(query: string, stretch: Stretch): string {
    const { shape, files } = this.#read.get(query) ?? {};
    return shape === undefined || files === undefined ? identifier(query) : rowsWithin(shape, files, stretch);
  }

  async #copyDay(): Promise<boolean> {
    for (const { files = [], copied } of this.#read.values()) {
      if (copied !== undefined && (await this.#copies.makeOne(copied, files))) return true;
    }
    return false;
  }

  async #filesOf(shape: RowShape): Promise<StretchFile[]> {
    for (let attempt = 1; ; attempt++) {
      const { ready, segments } = segmentsOf(shape, await this.#sources(shape.query));
      try {
        return [...ready, ...(await this.#cache.filesOf(shape, segments))];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === ATTEMPTS) throw error;
        this.#cache.forget(); // the day has moved meanwhile: look again
      }
    }
  }

  #sources(query: string): Promise<DaySource[]> {
    return daySources(this.#options.output, query, this.#listFiles);
  }

  async #inferred(query: string): Promise<RowShape | undefined> {
    const newest = (await this.#sources(query)).at(-1);
    if (newest === undefined) return undefined;
    if (newest.kind === "parquet") return this.#describe(query, newest.path);
    const path = newest.kind === "json" ? newest.path : newest.files.at(-1)?.path;
    const lines = (await readFile(path as string, "utf8")).split("\n").slice(0, 1_000);
    const rows = lines
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return rows.length === 0 ? undefined : inferShape(query, rows);
  }

  async #describe(query: string, path: string): Promise<RowShape> {
    const reader = await this.#database.connection.runAndReadAll(
      `DESCRIBE FROM read_parquet(${list([path])})`,
    );
    const columns = reader.getRows().map(([name, type]) => ({ name, type }) as RowShape["columns"][number]);
    return { query, columns, keys: columns.filter(({ type }) => type === "VARCHAR").map(({ name }) => name) };
  }
}

async function* chunksOf(
  result: DuckDBResult,
  failed: (cause: unknown) => unknown,
): AsyncGenerator<DuckDBValue[][]> {
  const chunks = result.yieldRows();
  while (true) {
    const next = await chunks.next().catch((cause: unknown) => Promise.reject(failed(cause)));
    if (next.done) return;
    yield next.value;
  }
}

function closed(): ClickstreamError {
  return new ClickstreamError({
    code: "HISTORY_CLOSED",
    message: "The results are being closed.",
    nextStep: "Ask again when the program has started again.",
  });
}

function interruptAfter(connection: DuckDBConnection, timeoutMs: number, signal?: AbortSignal): Disposable {
  const interrupt = (): void => connection.interrupt();
  const timer = setTimeout(interrupt, timeoutMs);
  signal?.addEventListener("abort", interrupt);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
    },
  };
}

/** Below the output folder; below `temporary` where nothing can be written. */
async function cacheFolderOf(output: string, temporary: string): Promise<string> {
  const isWritable = await access(output, constants.W_OK).then(
    () => true,
    () => false,
  );
  return isWritable ? join(output, ARCHIVE_FOLDER, CACHE_FOLDER) : join(temporary, CACHE_FOLDER);
}
