import type { Sink } from "../../sinks/sink.ts";
import type { OutboxEntry, OutboxKey } from "./state-store.ts";

/** Final rows on their way from a commit to the sinks. */
export class Outbox {
  private readonly sinks: readonly Sink[];
  private pending: OutboxEntry[];
  private written: OutboxKey[] = [];
  private unwritten: number;
  private delivery: Promise<void> = Promise.resolve();

  constructor(sinks: readonly Sink[], pending: readonly OutboxEntry[]) {
    this.sinks = sinks;
    this.pending = [...pending];
    this.unwritten = pending.length;
  }

  /** Takes over entries that a commit has made durable. */
  add(entries: readonly OutboxEntry[]): void {
    this.pending.push(...entries);
    this.unwritten += entries.length;
  }

  /** Entries that no sink has written yet. */
  get length(): number {
    return this.unwritten;
  }

  /** Writes what is pending while the caller goes on, then calls `afterwards`. Failures show in `delivered`. */
  deliverInBackground(afterwards: () => Promise<void>): void {
    this.delivery = this.write().then(afterwards);
    this.delivery.catch(() => {});
  }

  /** Settles when the delivery under way has ended. @throws what the sink threw */
  get delivered(): Promise<void> {
    return this.delivery;
  }

  /** Entries that sinks have written since the call before: the next commit may forget them. */
  takeWritten(): OutboxKey[] {
    const written = this.written;
    this.written = [];
    return written;
  }

  private async write(): Promise<void> {
    const entries = this.pending;
    this.pending = [];
    await Promise.all(
      this.sinks.map(async (sink) => {
        const own = entries.filter((entry) => entry.sink === sink.name);
        if (own.length === 0) return;
        await sink.write(own);
        this.unwritten -= own.length;
        this.written.push(...own.map(({ query, windowEndMs }) => ({ sink: sink.name, query, windowEndMs })));
      }),
    );
  }
}
