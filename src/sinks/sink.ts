/** The final rows of one query and one window, as bytes that never change again. */
export interface WindowRows {
  query: string;
  /** Start of the window, ms since the epoch. */
  windowStartMs: number;
  /** End of the window (exclusive), ms since the epoch. */
  windowEndMs: number;
  /** Rows in the window's final order. */
  rowCount: number;
  /** Newline-delimited JSON, one row a line, each line ended. */
  bytes: Uint8Array;
}

/**
 * Where final rows go. The engine calls `write` after the commit that holds these rows in its outbox, and repeats the
 * call with the same bytes after any crash, until a later commit records that the call returned. So `write` must be
 * idempotent by (query, window): the effect of many calls equals that of one, and no reader ever sees half a window.
 */
export interface Sink {
  /** Stable name: outbox entries are kept by it. */
  readonly name: string;
  /**
   * Returns when every entry is durable.
   * @throws ClickstreamError when the entries can't be written now; the engine keeps them and decides whether to retry.
   */
  write(entries: readonly WindowRows[]): Promise<void>;
  close(): Promise<void>;
}
