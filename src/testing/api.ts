/** What `import … from "clickstream/testing"` gives a test. */
export type { ClickstreamConfig } from "../app/config/define-config.ts";
export type { DurationText } from "../core/durations.ts";
export type { Accounting } from "../sinks/manifest.ts";
export type { TestEvent, TestValue } from "./test-event.ts";
export {
  type RejectedEvent,
  type Row,
  type TestPipeline,
  type TestSurroundings,
  testPipeline,
} from "./test-pipeline.ts";
