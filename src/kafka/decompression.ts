import * as zlib from "node:zlib"; // by name, no older Node could load it to say that it is too old
// The client library's own codecs, without the second and the 60 MB that loading all of the library costs each thread.
import { lz4Decompress, snappyDecompress } from "@platformatic/wasm-utils";
import { MalformedBatch } from "./record-batch.ts";

/** Readable bytes after the last one that counts: scanners read whole words. */
export const PADDING_BYTES = 16;
/** No batch of events comes near it, a bomb does. */
const MAX_PLAIN_BYTES = 256 << 20;
/** Java's snappy cuts its output into blocks behind this mark and 8 bytes of versions; others write one bare block. */
const XERIAL_MARK = Buffer.from("\x82SNAPPY\0", "latin1");
const XERIAL_HEADER_BYTES = 16;

/** Decompresses record batches to the front of a buffer of its own, which the next call overwrites. */
export class Decompressor {
  #bytes = Buffer.alloc(256 << 10);

  /** Holds what was last decompressed, with padding behind it. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /**
   * Returns the length of the decompressed records.
   * @param codec the codec's number in a batch's attributes
   * @throws MalformedBatch
   */
  decompress(codec: number, compressed: Buffer): number {
    let length = 0;
    try {
      for (const block of codec === 2 ? snappyBlocks(compressed) : [compressed]) {
        length += this.#append(decompressBlock(codec, block), length);
      }
    } catch (cause) {
      if (cause instanceof MalformedBatch) throw cause;
      throw new MalformedBatch("a compression that can't be undone", { cause });
    }
    return length;
  }

  #append(plain: Buffer, at: number): number {
    const needed = at + plain.length + PADDING_BYTES;
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return plain.copy(this.#bytes, at);
  }
}

function decompressBlock(codec: number, block: Buffer): Buffer {
  switch (codec) {
    case 1:
      return zlib.gunzipSync(block, { maxOutputLength: MAX_PLAIN_BYTES });
    case 2:
      return snappyDecompress(block);
    case 3:
      return lz4Decompress(block);
    case 4:
      return zlib.zstdDecompressSync(block, { maxOutputLength: MAX_PLAIN_BYTES });
    default:
      throw new MalformedBatch(`the unknown compression ${codec}`);
  }
}

function* snappyBlocks(compressed: Buffer): Generator<Buffer> {
  if (!XERIAL_MARK.equals(compressed.subarray(0, XERIAL_MARK.length))) {
    yield compressed;
    return;
  }
  for (let position = XERIAL_HEADER_BYTES; position < compressed.length; ) {
    const end = position + 4 + compressed.readUInt32BE(position);
    if (end > compressed.length) throw new MalformedBatch("a snappy block beyond its batch");
    yield compressed.subarray(position + 4, end);
    position = end;
  }
}
