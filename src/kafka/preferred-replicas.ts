import type { Clock } from "../core/clock.ts";
import type { PartitionProgress } from "./reader-handler.ts";

/**
 * How long a partition is read from a follower before its leader is asked again. The leader alone knows the true end, so
 * that a silent partition is known to be silent no later than that.
 */
const LEASE_MS = 30_000;
/** How long a partition stays with its leader after trouble with a follower. */
const AVOIDANCE_MS = 60_000;

/** From which followers in this program's rack partitions are read, as their leaders proposed (KIP-392). */
export class PreferredReplicas {
  readonly #rack: string | undefined;
  readonly #clock: Clock;
  readonly #leases = new Map<PartitionProgress, { nodeId: number; untilMs: number }>();
  readonly #avoidedUntilMs = new Map<PartitionProgress, number>();

  /** `rack`: where this program is; undefined reads from leaders only. */
  constructor(rack: string | undefined, clock: Clock) {
    this.#rack = rack;
    this.#clock = clock;
  }

  /** The rack to name in a request for these partitions: none while one of them has to stay with its leader. */
  rackFor(partitions: readonly PartitionProgress[]): string {
    if (this.#rack === undefined) return "";
    const nowMs = this.#clock.monotonicMs();
    const avoids = partitions.some((partition) => (this.#avoidedUntilMs.get(partition) ?? 0) > nowMs);
    return avoids ? "" : this.#rack;
  }

  prefer(partition: PartitionProgress, nodeId: number): void {
    this.#leases.set(partition, { nodeId, untilMs: this.#clock.monotonicMs() + LEASE_MS });
  }

  /** The follower to read a partition from; undefined for its leader. */
  of(partition: PartitionProgress): number | undefined {
    return this.#leases.get(partition)?.nodeId;
  }

  /** Whether the partition is read from a follower and its leader should be asked again. */
  isDue(partition: PartitionProgress): boolean {
    const lease = this.#leases.get(partition);
    return lease !== undefined && lease.untilMs <= this.#clock.monotonicMs();
  }

  /** Back to the leader, who may propose a follower again. */
  end(partition: PartitionProgress): void {
    this.#leases.delete(partition);
  }

  /** Back to the leader for a while, after trouble with a follower; false when there was none. */
  avoid(partition: PartitionProgress): boolean {
    if (!this.#leases.delete(partition)) return false;
    this.#avoidedUntilMs.set(partition, this.#clock.monotonicMs() + AVOIDANCE_MS);
    return true;
  }
}
