/** Words are copied whole, so up to this many bytes past a text's end are read and overwritten. */
export const WORD_SLACK = 7;

/** Texts in one buffer, each followed by enough room that it can be copied a word at a time. */
export class ByteSegments {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly view: DataView;

  constructor(texts: readonly string[]) {
    const encoded = texts.map((text) => Buffer.from(text));
    this.lengths = Int32Array.from(encoded, ({ length }) => length);
    this.starts = new Int32Array(texts.length);
    let end = 0;
    for (const [index, { length }] of encoded.entries()) {
      this.starts[index] = end;
      end += (length + 15) & ~7;
    }
    const bytes = new Uint8Array(end);
    for (const [index, text] of encoded.entries()) bytes.set(text, this.starts[index]!);
    this.view = new DataView(bytes.buffer);
  }
}

/**
 * Hot. Copies `length` bytes a word at a time and returns the end; overwrites up to `WORD_SLACK` bytes past it. The words
 * travel as floating-point numbers, which keeps all their bits unless they are NaN: UTF-8 text never is (0xff does not
 * occur in it, nor 0xf0 or more behind 0x7f).
 */
export function copyWords(
  target: DataView,
  position: number,
  source: DataView,
  start: number,
  length: number,
): number {
  for (let copied = 0; copied < length; copied += 8) {
    target.setFloat64(position + copied, source.getFloat64(start + copied, true), true);
  }
  return position + length;
}
