/** A transaction that was aborted, as a fetch response lists it. */
export interface AbortedTransaction {
  producerId: number;
  /** Offset of the transaction's first record. */
  firstOffset: number;
}

/** What tells whether a record batch is visible. */
export interface TransactionalBatch {
  producerId: number;
  lastOffset: number;
  transactional: boolean;
  /** `commit` or `abort` for a transaction marker; undefined for a batch of records. */
  marker: "commit" | "abort" | "other" | undefined;
}

/**
 * Tells which batches of one partition in one fetch response belong to aborted transactions. The response lists every
 * aborted transaction that overlaps it, so nothing is carried from one response to the next: a transaction whose
 * marker lies beyond this response is listed again in the next.
 */
export class AbortedTransactionFilter {
  readonly #transactions: readonly AbortedTransaction[];
  readonly #abortedProducers = new Set<number>();
  #begun = 0;

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#transactions = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether the batch's records are visible. Batches must come in offset order, each once. */
  isVisible(batch: TransactionalBatch): boolean {
    while (
      this.#begun < this.#transactions.length &&
      this.#transactions[this.#begun]!.firstOffset <= batch.lastOffset
    ) {
      this.#abortedProducers.add(this.#transactions[this.#begun++]!.producerId);
    }
    if (batch.marker !== undefined) {
      if (batch.marker === "abort") this.#abortedProducers.delete(batch.producerId);
      return false;
    }
    return !(batch.transactional && this.#abortedProducers.has(batch.producerId));
  }
}
