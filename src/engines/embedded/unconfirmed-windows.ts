import { readStateFile } from "./state-file.ts";

/**
 * End of the first window whose rows are still in the outbox of a state, ms since the epoch: the next run writes it again.
 * Undefined when there is none, or no state.
 * @throws ClickstreamError STATE_FORMAT, STATE_UNREADABLE
 */
export function firstUnconfirmedEndMs(stateFolder: string): number | undefined {
  return readStateFile(stateFolder, (database) => {
    const row = database.prepare("SELECT min(window_end) AS end FROM outbox").get();
    return (row?.end as number | null) ?? undefined;
  });
}
