import assert from "node:assert/strict";
import type { Sink, WindowRows } from "../sinks/sink.ts";

/** Keeps final rows as text, and holds the engine to its promise that a window's bytes never change. */
export class MemorySink implements Sink {
  readonly name = "memory";
  /** `query/windowStartMs` → the rows of that window, one JSON object a line. */
  readonly files = new Map<string, string>();

  async write(entries: readonly WindowRows[]): Promise<void> {
    for (const { query, windowStartMs, bytes } of entries) {
      const file = `${query}/${windowStartMs}`;
      const text = Buffer.from(bytes).toString();
      assert.equal(this.files.get(file) ?? text, text, `${file} was final and changed`);
      this.files.set(file, text);
    }
  }

  async close(): Promise<void> {}
}
