/** What reading one more part costs at a restart, however small it is, as bytes. */
const PART_COST_BYTES = 4_096;

/**
 * In how many parts the state holds a slot: one for each commit that brought events of it. Once they are many and
 * outweigh what was rewritten last, the slot is rewritten. So what is written is at most about twice what came, and what
 * a restart reads at most about twice what the slot holds, or `leastParts` parts.
 */
export class SlotParts {
  /** Parts since the slot was last rewritten. */
  count = 0;
  private costBytes = 0;
  private wholeCostBytes = 0;

  /** A commit added a part. */
  add(bytes: number): void {
    this.count++;
    this.costBytes += Math.max(bytes, PART_COST_BYTES);
  }

  /** The slot is being rewritten: all parts so far are gone. */
  clear(): void {
    this.count = 0;
    this.costBytes = 0;
    this.wholeCostBytes = 0;
  }

  /** A part of the rewritten slot. */
  addWhole(bytes: number): void {
    this.wholeCostBytes += Math.max(bytes, PART_COST_BYTES);
  }

  /** Whether the slot should be rewritten. */
  areTooMany(leastParts: number): boolean {
    return this.count >= leastParts && this.costBytes >= this.wholeCostBytes;
  }
}
