import { connectedClient } from "./connected-client.ts";
import { isOfServer } from "./postgres-errors.ts";
import type { PostgresConnection } from "./target.ts";

const ANSWER_TIMEOUT_MS = 10_000;

/** A statement that waits for an answer. */
export interface WaitingStatement {
  /** The server's process that has it. */
  backend: number;
  /** Whether it takes data from us: then the server waits for that, too. */
  isCopy: boolean;
}

/**
 * Why a statement will have no answer, by a connection of its own; undefined when the server is there and works on it. A server that
 * is slow, locked or full of connections is there. Within 20 s.
 */
export async function whyNoAnswer(
  connection: PostgresConnection,
  { backend, isCopy }: WaitingStatement,
): Promise<string | undefined> {
  try {
    const client = await connectedClient(connection, ANSWER_TIMEOUT_MS);
    try {
      const { rows } = await client.query<{ waits: boolean }>(
        "SELECT wait_event IS NOT DISTINCT FROM 'ClientRead' AS waits FROM pg_stat_activity WHERE pid = $1",
        [backend],
      );
      const [found] = rows;
      if (found === undefined) return "the server knows nothing of the connection any more";
      return found.waits && !isCopy ? "the server never got the statement" : undefined;
    } finally {
      client.connection.stream.destroy();
    }
  } catch (error) {
    return isOfServer(error) ? undefined : "a second connection has no answer either";
  }
}
