import type { ErrorDetails } from "../../core/errors.ts";
import type { EventRules } from "../../events/event.ts";
import type { TopicDescription } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import type { WindowSettings } from "../../queries/plan.ts";
import type { WindowGroup } from "../../windows/window-groups.ts";
import type { Flush, FlushRequest, PartitionStart } from "./flush.ts";

/** What a worker thread is started with. */
export interface ThreadSetup {
  kafka: KafkaOptions;
  topic: TopicDescription;
  groups: readonly WindowGroup[];
  rules: EventRules;
  windows: WindowSettings;
  idleAfterMs: number;
  partitions: readonly PartitionStart[];
}

/** From the coordinator to a worker thread. */
export type ToThread = { kind: "flush"; request: FlushRequest } | { kind: "close" };

/** From a worker thread to the coordinator. */
export type FromThread =
  | { kind: "flush"; flush: Flush }
  /** The first fetch has been sent. */
  | { kind: "reading" }
  /** Full, or every partition at its end: a flush is wanted before the next is due. */
  | { kind: "attention" }
  | { kind: "retry"; message: string }
  | { kind: "failed"; error: ErrorDetails }
  | { kind: "closed" };
