/** A copy of the key of the record whose length field starts at `recordStart` of a record batch; null without a key. */
export function recordKey(batch: Uint8Array, recordStart: number): Uint8Array | null {
  // length, attributes (one byte), timestamp delta, offset delta, then the key's length, −1 for null.
  let at = skipVarint(batch, recordStart) + 1;
  at = skipVarint(batch, at);
  at = skipVarint(batch, at);
  const start = skipVarint(batch, at);
  let zigzag = 0;
  for (let i = start - 1; i >= at; i--) zigzag = zigzag * 128 + ((batch[i] as number) & 127);
  return zigzag % 2 === 1 ? null : Uint8Array.prototype.slice.call(batch, start, start + zigzag / 2);
}

function skipVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] as number) > 127) at++;
  return at + 1;
}
