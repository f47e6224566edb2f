/** What the driver says of its executors. */
export interface DriverFigures {
  /** Executors that live. */
  executors: number;
  /** Tasks that run now, on all of them. */
  activeTasks: number;
  /** Every executor that there was, those that are gone too. */
  list: readonly ExecutorFigures[];
}

/** One executor. */
export interface ExecutorFigures {
  id: string;
  host: string;
  active: boolean;
  cores: number;
  activeTasks: number;
  failedTasks: number;
}

interface ExecutorJson {
  id: string;
  hostPort: string;
  isActive: boolean;
  totalCores: number;
  activeTasks: number;
  failedTasks: number;
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
    const list = all.filter(({ id }) => id !== "driver").map(executorFigures);
    const executors = list.filter(({ active }) => active);
    return {
      executors: executors.length,
      activeTasks: executors.reduce((sum, { activeTasks }) => sum + activeTasks, 0),
      list,
    };
  } catch {
    return undefined;
  }
}

function executorFigures({
  id,
  hostPort,
  isActive: active,
  totalCores: cores,
  activeTasks,
  failedTasks,
}: ExecutorJson): ExecutorFigures {
  return { id, host: hostPort, active, cores, activeTasks, failedTasks };
}
