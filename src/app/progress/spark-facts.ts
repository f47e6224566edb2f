import type { SparkSnapshot } from "./snapshot.ts";

/** A line of a view: its label, its text, and whether it asks for attention. */
export interface Fact {
  label: string;
  text: string;
  isWarning: boolean;
}

/** What only Spark reports, one fact a line. `count` writes a number. */
export function sparkFacts(spark: SparkSnapshot, count: (value: number | null) => string): Fact[] {
  const { inputPerSecond, processedPerSecond, executors, activeTasks, stateRows, stateBytes, droppedRows } =
    spark;
  const isBehind = processedPerSecond > 0 && inputPerSecond > processedPerSecond;
  const tasks = executors === null ? "–" : `${count(activeTasks)} active on ${count(executors)} executors`;
  return [
    {
      label: "load",
      text: `${count(inputPerSecond)} events/s in, ${count(processedPerSecond)} events/s processed`,
      isWarning: isBehind,
    },
    { label: "tasks", text: tasks, isWarning: false },
    { label: "state", text: `${count(stateRows)} rows, ${count(stateBytes / 1e6)} MB`, isWarning: false },
    {
      label: "dropped",
      text: `${count(droppedRows)} rows behind the watermark`,
      isWarning: droppedRows > 0,
    },
  ];
}
