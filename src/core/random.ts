/** A source of chance, handed in so that a run repeats from its seed. */
export interface Random {
  /** 32 random bits as a signed integer. */
  int32(): number;
  /** Uniform in [0, 1). */
  unit(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/** Chris Doty-Humphrey's sfc32: small, fast, passes PractRand; not for secrets. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const int32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum;
  };
  const unit = (): number => (int32() >>> 0) / 4294967296;
  for (let round = 0; round < 12; round++) int32();
  return { int32, unit, below: (bound) => Math.floor(unit() * bound) };
}
