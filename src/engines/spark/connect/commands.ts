import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Plan } from "./execution.ts";
import type { ExecutePlanResponse } from "./generated/spark/connect/base_pb.js";
import type { CommandSchema } from "./generated/spark/connect/commands_pb.js";

export type Command = NonNullable<MessageInitShape<typeof CommandSchema>["commandType"]>;

/** What queries need of their session. */
export interface Commands {
  /** Executes a command and returns its responses. @throws SparkError */
  command(command: Command, signal?: AbortSignal): Promise<ExecutePlanResponse[]>;
  /** Executes any plan; see `execute`. */
  execute(plan: Plan, signal?: AbortSignal): AsyncGenerator<ExecutePlanResponse, void, undefined>;
}
