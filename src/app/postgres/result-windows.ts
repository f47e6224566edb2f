import type { Manifest } from "../../sinks/manifest.ts";
import type { ResultWindows } from "../../sinks/postgres/tree-follower.ts";
import { SparkWindows } from "../spark/spark-windows.ts";
import { OutputWindows } from "./output-windows.ts";

/** The final windows of an output tree, whichever engine writes it. */
export function resultWindows(
  output: string,
  manifest: Pick<Manifest, "engine" | "queries" | "windows">,
): ResultWindows {
  return manifest.engine === "spark"
    ? new SparkWindows(output, manifest)
    : new OutputWindows(output, manifest);
}
