import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { lz4Compress, snappyCompress } from "@platformatic/wasm-utils"; // as in decompression.ts

/** How the records of a batch are compressed. */
export type Codec = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** Every codec, at the position of its number in a batch's attributes. */
export const CODECS: readonly Codec[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** The codec's number in a batch's attributes. */
export function codecNumber(codec: Codec): number {
  return CODECS.indexOf(codec);
}

/** The records of a batch, compressed; level 1 where there are levels: the producer shares its core with others. */
export function compress(codec: Codec, records: Buffer): Uint8Array {
  switch (codec) {
    case "none":
      return records;
    case "gzip":
      return gzipSync(records, { level: 1 });
    case "zstd":
      return zstdCompressSync(records, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    case "snappy":
      return snappyCompress(records);
    case "lz4":
      return lz4Compress(records);
  }
}
