import { createHash } from "node:crypto";
import { identifier, sqlTime } from "./columns.ts";
import type { PostgresSession } from "./session.ts";

const DAY_MS = 86_400_000;
/** A table with more partitions is slow to plan for. Further days stay in the default partition. */
const MAX_DAYS = 1_000;
const MAX_NAME = 63;
const DAY_OF_NAME = /\$(\d+)$/;

/** The partitions of a query's table: one for each UTC day of windows' starts, and a default one. */
export class DayPartitions {
  readonly #session: PostgresSession;
  readonly #schema: string;
  readonly #table: string;
  readonly #names: Set<string>;

  private constructor(session: PostgresSession, schema: string, table: string, names: Set<string>) {
    this.#session = session;
    this.#schema = schema;
    this.#table = table;
    this.#names = names;
  }

  /** @throws PostgresFailure */
  static async open(session: PostgresSession, schema: string, table: string): Promise<DayPartitions> {
    const found = await session.query<{ name: string }>(
      `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
       WHERE inhparent = to_regclass($1)`,
      [qualified(schema, table)],
    );
    return new DayPartitions(session, schema, table, new Set(found.map(({ name }) => name)));
  }

  /**
   * Gives the days of these windows a partition, inside the transaction that writes them; what it remembers is wrong when
   * that fails. Attaching lets readers of the other partitions go on.
   * @throws PostgresFailure
   */
  async ensure(windowStartsMs: Iterable<number>): Promise<void> {
    for (const day of new Set([...windowStartsMs].map((ms) => Math.floor(ms / DAY_MS)))) {
      const name = partitionName(this.#table, String(digits(dayText(day))).padStart(8, "0"));
      if (this.#names.has(name) || this.#names.size > MAX_DAYS) continue;
      await this.#create(name, dayText(day), dayText(day + 1));
      this.#names.add(name);
    }
  }

  /**
   * Drops the days before the one that begins then, inside a transaction: each at once, whatever it holds. Waits for those
   * who read the table.
   * @throws PostgresFailure
   */
  async dropBefore(startMs: number): Promise<void> {
    const first = digits(dayText(Math.floor(startMs / DAY_MS)));
    const old = [...this.#names].filter((name) => Number(DAY_OF_NAME.exec(name)?.[1]) < first);
    if (old.length > 0) {
      const tables = old.map((name) => qualified(this.#schema, name)).join(", ");
      await this.#session.query(`DROP TABLE ${tables}`);
    }
    await this.#session.query(
      `DELETE FROM ${qualified(this.#schema, defaultPartition(this.#table))} WHERE window_start < $1`,
      [sqlTime(new Date(startMs).toISOString())],
    );
    for (const name of old) this.#names.delete(name);
  }

  async #create(name: string, from: string, to: string): Promise<void> {
    const [parent, partition, rest] = [this.#table, name, defaultPartition(this.#table)].map((table) =>
      qualified(this.#schema, table),
    );
    const range = `window_start >= '${from}' AND window_start < '${to}'`;
    await this.#session.query(
      `CREATE TABLE ${partition} (LIKE ${parent} INCLUDING ALL);
       WITH moved AS (DELETE FROM ${rest} WHERE ${range} RETURNING *) INSERT INTO ${partition} SELECT * FROM moved;
       ALTER TABLE ${parent} ATTACH PARTITION ${partition} FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
  }
}

/** Name of the partition that takes what no day's takes. */
export function defaultPartition(table: string): string {
  return partitionName(table, "default");
}

/** A table's name in SQL. */
export function qualified(schema: string, table: string): string {
  return `${identifier(schema)}.${identifier(table)}`;
}

/** With a character that names of queries can't have, so that no query's table can be in the way. */
function partitionName(table: string, part: string): string {
  const room = MAX_NAME - part.length - 1;
  if (table.length <= room) return `${table}$${part}`;
  const digest = createHash("sha256").update(table).digest("hex").slice(0, 8);
  return `${table.slice(0, room - 9)}$${digest}$${part}`;
}

function dayText(day: number): string {
  const [date = ""] = sqlTime(new Date(day * DAY_MS).toISOString()).split("T");
  return date;
}

/** Days in the order of time: `2026-11-23` → 20261123. */
function digits(day: string): number {
  return Number(day.replaceAll("-", ""));
}
