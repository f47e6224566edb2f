import type { EngineWorker, Flush, FlushRequest } from "../engines/embedded/flush.ts";
import { WindowWorker, type WindowWorkerOptions } from "../engines/embedded/window-worker.ts";
import type { MemoryTopic } from "./memory-topic.ts";
import { recordColumns } from "./record-columns.ts";

/** A worker without thread and socket: reads all that its topic has, each time it is asked for its news. */
export class MemoryWorker implements EngineWorker {
  private readonly topic: MemoryTopic;
  private readonly options: WindowWorkerOptions;
  private readonly worker: WindowWorker;
  /** By partition: the next offset to read. */
  private readonly positions: Map<number, number>;

  constructor(topic: MemoryTopic, options: WindowWorkerOptions) {
    this.topic = topic;
    this.options = options;
    this.worker = new WindowWorker(options);
    this.positions = new Map(options.partitions.map(({ partition, position }) => [partition, position]));
  }

  async flush(request: FlushRequest): Promise<Flush> {
    if (!request.final) for (const [partition, position] of this.positions) this.read(partition, position);
    return this.worker.flush(request);
  }

  async close(): Promise<void> {}

  private read(partition: number, position: number): void {
    const records = this.topic.read(partition, position);
    const highWatermark = this.topic.end(partition);
    this.worker.ends(partition, highWatermark, highWatermark);
    if (records.length > 0) this.worker.batch(partition, recordColumns(records), highWatermark);
    this.positions.set(partition, highWatermark);
    const sentAtMs = this.options.clock.monotonicMs();
    this.worker.caughtUp(partition, { sentAtMs, position: highWatermark, highWatermark });
  }
}
