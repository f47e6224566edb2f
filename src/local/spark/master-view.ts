/** What the master knows of its cluster. */
export interface MasterView {
  /** Workers that report. */
  workers: number;
  /** Cores that run executors now. */
  coresUsed: number;
}

/** Asks a master for its cluster; undefined when it does not answer in time. */
export async function viewMaster(port: number, timeoutMs: number): Promise<MasterView | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/json/`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    const view = (await response.json()) as { aliveworkers: number; coresused: number; status: string };
    return view.status === "ALIVE" ? { workers: view.aliveworkers, coresUsed: view.coresused } : undefined;
  } catch {
    return undefined;
  }
}
