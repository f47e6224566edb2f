import { formatCount } from "../numbers-for-people.ts";
import type { PostgresSnapshot } from "./snapshot.ts";

/** How far PostgreSQL is, for people: `1,234 windows, 3 waiting (POSTGRES_UNREACHABLE)`. */
export function postgresText(
  { windows, waiting, trouble }: PostgresSnapshot,
  count: (value: number) => string = formatCount,
): string {
  const why = trouble === null ? "" : ` (${trouble})`;
  return `${count(windows)} windows, ${count(waiting)} waiting${why}`;
}
