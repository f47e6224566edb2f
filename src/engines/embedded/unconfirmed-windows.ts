import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STATE_FILE } from "./sqlite-store.ts";

/**
 * End of the first window whose rows are still in the outbox of a state, ms since the epoch: the next run writes it again.
 * Undefined when there is none, or no state.
 */
export function firstUnconfirmedEndMs(stateFolder: string): number | undefined {
  const path = join(stateFolder, STATE_FILE);
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const row = database.prepare("SELECT min(window_end) AS end FROM outbox").get();
    return (row?.end as number | null) ?? undefined;
  } finally {
    database.close();
  }
}
