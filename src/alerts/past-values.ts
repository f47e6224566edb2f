/** Values of earlier windows that a rule compares with, by the window's end. */
export interface PastValues {
  at(endMs: number): ReadonlyMap<string, number>;
  put(endMs: number, values: ReadonlyMap<string, number>): void;
  /** Forgets windows that end before it. */
  dropBefore(endMs: number): void;
}

/** Kept in memory, for one evaluation of a stretch of history. */
export class PastInMemory implements PastValues {
  readonly #windows = new Map<number, ReadonlyMap<string, number>>();

  at(endMs: number): ReadonlyMap<string, number> {
    return this.#windows.get(endMs) ?? new Map();
  }

  put(endMs: number, values: ReadonlyMap<string, number>): void {
    if (values.size > 0) this.#windows.set(endMs, values);
  }

  dropBefore(endMs: number): void {
    for (const end of this.#windows.keys()) {
      if (end >= endMs) return; // in the order of their ends
      this.#windows.delete(end);
    }
  }
}
