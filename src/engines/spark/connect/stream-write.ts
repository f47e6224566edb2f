import type { Commands } from "./commands.ts";
import type { Relation } from "./relations.ts";
import { StreamingQuery } from "./streaming-query.ts";

/** A streaming query to start. */
export interface StreamWrite {
  input: Relation;
  /** Unique among the session's running queries. */
  name: string;
  format: string;
  outputMode: "append" | "update" | "complete";
  /** `checkpointLocation`, and what the format takes. */
  options: Readonly<Record<string, string>>;
  path?: string;
  partitionBy?: readonly string[];
  /** A batch so often, or all that is there now and then the end. */
  trigger: { processingTimeMs: number } | "availableNow";
}

/** @throws SparkError */
export async function startQuery(session: Commands, write: StreamWrite): Promise<StreamingQuery> {
  const { input, name, format, outputMode, options, path, partitionBy = [], trigger } = write;
  const responses = await session.command({
    case: "writeStreamOperationStart",
    value: {
      ...{ input, format, outputMode, options, queryName: name },
      partitioningColumnNames: [...partitionBy],
      trigger:
        trigger === "availableNow"
          ? { case: "availableNow", value: true }
          : { case: "processingTimeInterval", value: `${trigger.processingTimeMs} milliseconds` },
      ...(path === undefined ? {} : { sinkDestination: { case: "path", value: path } }),
    },
  });
  for (const { responseType } of responses) {
    if (responseType.case !== "writeStreamOperationStartResult") continue;
    const { queryId } = responseType.value;
    if (queryId !== undefined) return new StreamingQuery(session, queryId, name);
  }
  throw new Error("A start of a query was answered without its id.");
}
