import { plural } from "../numbers-for-people.ts";
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
  const of = (number: number, unit: string): string => `${count(number)} ${plural(number, unit)}`;
  const isBehind = processedPerSecond > 0 && inputPerSecond > processedPerSecond;
  const tasks = executors === null ? "–" : `${count(activeTasks)} active on ${of(executors, "executor")}`;
  return [
    {
      label: "load",
      text: `${count(inputPerSecond)} events/s in, ${count(processedPerSecond)} events/s processed`,
      isWarning: isBehind,
    },
    { label: "tasks", text: tasks, isWarning: false },
    { label: "state", text: `${of(stateRows, "row")}, ${count(stateBytes / 1e6)} MB`, isWarning: false },
    {
      label: "dropped",
      text: `${of(droppedRows, "row")} behind the watermark`,
      isWarning: droppedRows > 0,
    },
  ];
}
