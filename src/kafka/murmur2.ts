const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/**
 * Austin Appleby's MurmurHash2 of `bytes[start, start + length)` as a signed 32-bit integer, as Kafka's Java clients
 * compute it. Hot: ~20 ns a key.
 */
export function murmur2(bytes: Uint8Array, start: number, length: number): number {
  const blocksEnd = start + (length & ~3);
  let hash = SEED ^ length;
  for (let at = start; at < blocksEnd; at += 4) {
    let block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    block = Math.imul(block, MULTIPLIER);
    block ^= block >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(block, MULTIPLIER);
  }
  const rest = length & 3;
  if (rest === 3) hash ^= bytes[blocksEnd + 2]! << 16;
  if (rest >= 2) hash ^= bytes[blocksEnd + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[blocksEnd]!, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition that Java's default partitioner chooses for this key. */
export function partitionOfKey(
  bytes: Uint8Array,
  start: number,
  length: number,
  partitionCount: number,
): number {
  return (murmur2(bytes, start, length) & 0x7fffffff) % partitionCount;
}
