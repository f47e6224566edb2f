import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { type Answer, History as Database } from "../../history/history.ts";
import { anyEngineListing } from "../../history/spark-listing.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import { windowsOf } from "../../queries/window-lengths.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { readManifest } from "../../sinks/manifest-file.ts";
import type { Queries, Row, User } from "../../web/api.ts";
import { HttpProblem } from "../../web/problems.ts";
import type {
  Cursor,
  FlowRequest,
  History,
  KnownQuery,
  SessionPagesRequest,
  TopRequest,
  UserRequest,
  WindowsRequest,
} from "../../web/sources.ts";
import {
  extentStatement,
  type Statement,
  seriesStatement,
  topStatement,
  userTotalsStatement,
  userWindowsStatement,
  windowsStatement,
} from "./history-sql.ts";
import { queryColumns } from "./query-columns.ts";
import { flowOf, sessionPagesOf, sessionsOf } from "./session-answers.ts";

/** What reading may take, so that an engine beside it is not starved. */
const LIMITS = { memoryMb: 256, threads: 2 };
const TIMEOUT_MS = 10_000;
/** Taking in new windows takes at most this share of the time, but is never put off for longer. */
const REFRESH_SHARE = 0.05;
const LONGEST_WAIT_MS = 2_000;
const DAY_MS = 86_400_000;
/** Of a user who comes often, some hundred windows. */
const FIRST_USER_DAYS = 2;
/** What makes later answers faster takes at most this share. */
const PREPARE_SHARE = 0.1;

/** Answers the API's questions to the past from an output tree, whichever engine writes it. */
export class OutputHistory implements History, AsyncDisposable {
  private readonly output: string;
  private readonly clock: Clock;
  private database: Promise<Database> | undefined;
  private manifest: { stamp: string; value: Manifest | undefined } | undefined;
  /** By query: what its view holds. */
  private readonly taken = new Map<string, string>();
  /** Queries that somebody asks for; nobody waits for others. */
  private wanted = new Set<string>();
  /** When more may be taken in. */
  private nextAtMs = 0;
  private refreshing: Promise<void> | undefined;
  private refreshes = 0;
  private preparing: Promise<void> | undefined;
  private readonly closing = new AbortController();
  /** What `queries` tells, until the views hold something else. */
  private told: { of: string; queries: Promise<Queries> } | undefined;

  constructor(output: string, clock: Clock) {
    this.output = output;
    this.clock = clock;
  }

  async queries(): Promise<Queries> {
    const manifest = await this.readManifest();
    if (manifest === undefined) return { engine: null, topic: null, closedThroughMs: null, queries: [] };
    await this.refresh(manifest.queries.map(({ name }) => name));
    const of = `${this.manifest?.stamp} ${this.refreshes}`;
    if (this.told?.of !== of) {
      const queries = this.describe(manifest);
      this.told = { of, queries };
      queries.catch(() => {
        this.told = undefined; // it is asked again
      });
    }
    return this.told.queries;
  }

  async known(): Promise<KnownQuery[]> {
    const manifest = await this.readManifest();
    return (manifest?.queries ?? []).map((plan) => ({ name: plan.name, columns: queryColumns(plan) }));
  }

  async lastStartMs(query: string): Promise<number | null> {
    const { plan } = await this.planOf(query);
    return (await this.extent(plan)).lastMs;
  }

  async windows(request: WindowsRequest): Promise<{ rows: Row[]; next: Cursor | null }> {
    const { plan, sizeMs } = await this.planOf(request.query);
    const { columns, rows: told } = await this.ask(windowsStatement(plan, request, sizeMs));
    const found = Number(told[0]?.[0] ?? 0);
    const rows = objects({
      columns: columns.slice(1),
      rows: told.slice(0, request.limit).map((row) => row.slice(1)),
    });
    return { rows, next: found > rows.length ? cursorBehind(rows, request.after) : null };
  }

  async top(request: TopRequest): ReturnType<History["top"]> {
    const { plan, sizeMs } = await this.planOf(request.query);
    const extent = await this.ask(extentStatement(plan, request, sizeMs));
    const [firstMs, lastMs, windows] = extent.rows[0] as [number | null, number | null, number];
    const { columns, rows } = await this.ask(topStatement(plan, request, sizeMs));
    const [keys = 0, total = null] = (rows[0] ?? []).map((value) => (value === null ? null : Number(value)));
    const found = objects({ columns: columns.slice(2), rows: rows.map((row) => row.slice(2)) });
    const { points } = request;
    const hasSeries = points > 0 && firstMs !== null && lastMs !== null;
    const stretchMs = hasSeries ? stretchOf(firstMs, lastMs, sizeMs, points) : sizeMs;
    const pointsMs = hasSeries ? starts(firstMs, lastMs, stretchMs) : [];
    const series = await this.series(plan, request, { sizeMs, stretchMs, found, pointsMs });
    return {
      stepMs: sizeMs,
      windows,
      keys: keys ?? 0,
      total: rows.length === 0 ? 0 : total,
      pointsMs,
      items: found.map((row, index) => ({
        key: Object.fromEntries(plan.by.map((key) => [key, String(row[key])])),
        value: Number(row[request.by]),
        measures: Object.fromEntries(
          Object.keys(plan.measures).map((column) => [column, row[column] as string | number]),
        ),
        series: series[index] ?? [],
      })),
    };
  }

  async user(query: string, request: UserRequest): ReturnType<History["user"]> {
    const { plan, sizeMs } = await this.planOf(query);
    const found = await this.userWindows(plan, request);
    if (found.length === 0 && request.after === null) return undefined;
    const { rows: windows, more } = paged(found, request.limit);
    const [totals = {}] = objects(await this.ask(userTotalsStatement(plan, request, sizeMs)));
    return { totals: withoutNulls(totals), windows, next: more ? cursorBehind(windows, null) : null };
  }

  async sessions(request: Parameters<History["sessions"]>[0]): ReturnType<History["sessions"]> {
    const { plan } = await this.planOf(request.query);
    return sessionsOf(plan, request, (statement) => this.ask(statement));
  }

  async sessionPages(request: SessionPagesRequest): ReturnType<History["sessionPages"]> {
    const { plan } = await this.planOf(request.query);
    return sessionPagesOf(plan, request, (statement) => this.ask(statement));
  }

  async flow(request: FlowRequest): ReturnType<History["flow"]> {
    const { plan, sizeMs } = await this.planOf(request.query);
    return flowOf(plan, request, { sizeMs, ask: (statement) => this.ask(statement) });
  }

  /** Questions that are not answered yet end with UNAVAILABLE. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort();
    await this.refreshing?.catch(() => {}); // told to those who waited for it
    await this.preparing;
    await (await this.database)?.[Symbol.asyncDispose]();
  }

  /** Latest first, one more than asked for: the newest days alone where these have so many, then four times as many. */
  private async userWindows(plan: QueryPlan, { after, ...request }: UserRequest): Promise<Row[]> {
    const found: Row[] = [];
    let toMs = Math.min(request.toMs, after?.startMs ?? request.toMs);
    for (let days = FIRST_USER_DAYS; ; days *= 4) {
      const fromMs = Math.max(request.fromMs, toMs - days * DAY_MS);
      const limit = request.limit - found.length;
      const statement = userWindowsStatement(plan, { ...request, fromMs, toMs, limit });
      found.push(...objects(await this.ask(statement)));
      if (found.length > request.limit || fromMs <= request.fromMs) return found;
      toMs = fromMs;
    }
  }

  private async series(
    plan: QueryPlan,
    request: TopRequest,
    {
      sizeMs,
      stretchMs,
      found,
      pointsMs,
    }: { sizeMs: number; stretchMs: number; found: Row[]; pointsMs: number[] },
  ): Promise<number[][]> {
    const [firstMs] = pointsMs;
    if (firstMs === undefined || found.length === 0) return [];
    const keys = found.map((row) => plan.by.map((key) => String(row[key])));
    const { rows } = await this.ask(seriesStatement(plan, request, { sizeMs, firstMs, stretchMs, keys }));
    const values = new Map(
      rows.map((row) => [JSON.stringify(row.slice(0, plan.by.length + 1)), Number(row[plan.by.length + 1])]),
    );
    return keys.map((key) => pointsMs.map((atMs) => values.get(JSON.stringify([...key, atMs])) ?? 0));
  }

  private async describe(manifest: Manifest): Promise<Queries> {
    const extents = await Promise.all(manifest.queries.map((plan) => this.extent(plan)));
    return {
      engine: manifest.engine,
      topic: manifest.topic.name,
      closedThroughMs: manifest.closedThroughMs,
      queries: manifest.queries.map((plan, index) => {
        const { sizeMs, slideMs } = windowsOf(plan, manifest.windows);
        const { firstMs = null, lastMs = null } = extents[index] ?? {};
        const columns = queryColumns(plan);
        return { name: plan.name, sizeMs, slideMs, columns, firstStartMs: firstMs, lastStartMs: lastMs };
      }),
    };
  }

  private async extent({ name }: QueryPlan): Promise<{ firstMs: number | null; lastMs: number | null }> {
    const sql = `SELECT epoch_ms(min(window_start)), epoch_ms(max(window_start)) FROM "${name}"`;
    const [row = []] = (await this.ask({ sql: () => sql, values: [] })).rows;
    const [firstMs = null, lastMs = null] = row as (number | null)[];
    return { firstMs, lastMs };
  }

  private async planOf(query: string): Promise<{ plan: QueryPlan; sizeMs: number }> {
    const manifest = await this.readManifest();
    const plan = manifest?.queries.find(({ name }) => name === query);
    if (manifest === undefined || plan === undefined) throw new HttpProblem("UNKNOWN_QUERY", "It is gone.");
    await this.refresh([query]);
    return { plan, sizeMs: windowsOf(plan, manifest.windows).sizeMs };
  }

  private async ask({ sql, values }: Statement): Promise<Answer> {
    const database = await this.opened();
    try {
      return await database.query(sql, values, TIMEOUT_MS);
    } catch (error) {
      if (this.closing.signal.aborted) throw ending();
      if (!(error instanceof ClickstreamError)) throw error;
      if (error.code === "SQL_TIMEOUT" || error.code === "SQL_OUT_OF_MEMORY") {
        throw new HttpProblem("TOO_LONG", "The answer took too long: ask for a shorter stretch of time.");
      }
      throw error;
    }
  }

  /** @throws HttpProblem UNAVAILABLE */
  private opened(): Promise<Database> {
    if (this.closing.signal.aborted) throw ending();
    const { output, clock } = this;
    this.database ??= Database.open({ output, clock, listFiles: anyEngineListing(clock), ...LIMITS });
    return this.database;
  }

  /** Takes in what the manifest calls final and the views of these queries do not hold yet. */
  private async refresh(names: readonly string[]): Promise<void> {
    // What is under way may have begun before this was asked for, so that it takes another.
    for (let round = 0; round < 2; round++) {
      const missing = names.filter((name) => this.taken.get(name) !== this.finalStamp);
      if (missing.length === 0) return;
      for (const name of missing) this.wanted.add(name);
      this.refreshing ??= this.takeIn().finally(() => {
        this.refreshing = undefined;
      });
      await this.refreshing;
    }
  }

  private async takeIn(): Promise<void> {
    const waitMs = this.nextAtMs - this.clock.monotonicMs();
    if (waitMs > 0) await this.clock.sleep(waitMs, this.closing.signal);
    await this.readManifest();
    const stamp = this.finalStamp;
    const names = this.wanted;
    this.wanted = new Set();
    const fromMs = this.clock.monotonicMs();
    await (await this.opened()).refresh(names);
    this.refreshes++;
    for (const name of names) this.taken.set(name, stamp);
    const nowMs = this.clock.monotonicMs();
    this.nextAtMs = nowMs + Math.min(LONGEST_WAIT_MS, (nowMs - fromMs) * (1 / REFRESH_SHARE - 1));
    this.preparing ??= this.prepare().finally(() => {
      this.preparing = undefined;
    });
  }

  /** Makes what answers questions over many days faster, a day at a time. */
  private async prepare(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const fromMs = this.clock.monotonicMs();
      const hasMore = await (await this.opened()).copyDay().catch(() => false); // closed: there is nobody to tell
      if (!hasMore) return;
      await this.clock.sleep((this.clock.monotonicMs() - fromMs) * (1 / PREPARE_SHARE - 1), signal);
    }
  }

  /** Changes when windows become final, or when the tree is another. */
  private get finalStamp(): string {
    const { topic, queries, closedThroughMs } = this.manifest?.value ?? {};
    return JSON.stringify([topic?.id, closedThroughMs, queries?.map(({ name }) => name)]);
  }

  /** The manifest; parsed again only when the file is another. */
  private async readManifest(): Promise<Manifest | undefined> {
    const found = await stat(join(this.output, "manifest.json"), { bigint: true }).catch(() => undefined); // none yet
    const stamp = found === undefined ? "" : `${found.ino} ${found.mtimeNs} ${found.size}`;
    if (this.manifest?.stamp !== stamp) this.manifest = { stamp, value: await readManifest(this.output) };
    return this.manifest.value;
  }
}

function ending(): HttpProblem {
  return new HttpProblem("UNAVAILABLE", "The server is ending.");
}

function objects({ columns, rows }: Answer): Row[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map((column, at) => [column, row[at] as string | number])),
  );
}

function paged<T>(found: T[], limit: number): { rows: T[]; more: boolean } {
  return { rows: found.slice(0, limit), more: found.length > limit };
}

/** Behind the last of these rows: which row of its window it is. */
function cursorBehind(rows: readonly Row[], after: Cursor | null): Cursor {
  const startOf = (row: Row | undefined): number => Date.parse(String(row?.window_start));
  const startMs = startOf(rows.at(-1));
  const ofWindow = rows.filter((row) => startOf(row) === startMs).length;
  return { startMs, row: ofWindow + (startMs === after?.startMs ? after.row : 0) };
}

/** Length of the stretches that make at most so many points, a multiple of the step. */
function stretchOf(firstMs: number, lastMs: number, stepMs: number, points: number): number {
  return Math.ceil(((lastMs - firstMs) / stepMs + 1) / points) * stepMs;
}

function starts(firstMs: number, lastMs: number, stretchMs: number): number[] {
  return Array.from(
    { length: Math.floor((lastMs - firstMs) / stretchMs) + 1 },
    (_, point) => firstMs + point * stretchMs,
  );
}

function withoutNulls(totals: Row): User["totals"] {
  return Object.fromEntries(Object.entries(totals).filter(([, value]) => value !== null));
}
