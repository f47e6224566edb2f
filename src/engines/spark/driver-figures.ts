/** What the driver says of its executors. */
export interface DriverFigures {
  /** Executors that live. */
  executors: number;
  /** Tasks that run now, on all of them. */
  activeTasks: number;
}

interface ExecutorJson {
  id: string;
  isActive: boolean;
  activeTasks: number;
}

/**
 * Asks the REST API below the driver's page.
 * @returns undefined when it does not answer in time: it is for people only
 */
export async function driverFigures(page: string, timeoutMs: number): Promise<DriverFigures | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const ask = async <T>(path: string): Promise<T> =>
    (await fetch(`${page}/api/v1${path}`, { signal })).json() as T;
  try {
    const [application] = await ask<{ id: string }[]>("/applications");
    if (application === undefined) return undefined;
    const all = await ask<ExecutorJson[]>(`/applications/${application.id}/executors`);
    const executors = all.filter(({ id, isActive }) => id !== "driver" && isActive);
    return {
      executors: executors.length,
      activeTasks: executors.reduce((sum, { activeTasks }) => sum + activeTasks, 0),
    };
  } catch {
    return undefined;
  }
}
