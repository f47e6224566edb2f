/** Millionths in one. */
const ONE = 1_000_000n;
/** More zeros than a number within range can have behind its digits, or than its digits can reach over. */
const FAR = 2_000;

/** The millionths of a JSON number's characters, rounded half away from zero; undefined for 10¹² and beyond. */
export function millionthsOf(characters: string): bigint | undefined {
  const isNegative = characters.startsWith("-");
  const [mantissa = "", exponent = "0"] = characters.slice(isNegative ? 1 : 0).split(/e/i);
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = BigInt(whole + fraction);
  // The magnitude is the digits times ten to this power, in millionths.
  const power = Number(exponent) - fraction.length + 6;
  if (digits === 0n || power < -FAR) return 0n;
  if (power > FAR) return undefined;
  const magnitude = power >= 0 ? digits * 10n ** BigInt(power) : halfUp(digits, 10n ** BigInt(-power));
  if (magnitude >= ONE * 1_000_000_000_000n) return undefined;
  return isNegative ? -magnitude : magnitude;
}

/** Millionths as rows and keys show them: `-0.5`, `12`, never with an exponent or needless zeros. */
export function numberText(millionths: bigint): string {
  const magnitude = millionths < 0n ? -millionths : millionths;
  const places = `${magnitude % ONE}`.padStart(6, "0");
  return `${millionths < 0n ? "-" : ""}${magnitude / ONE}.${places}`.replace(/\.?0+$/, "");
}

const halfUp = (dividend: bigint, divisor: bigint): bigint => (2n * dividend + divisor) / (2n * divisor);
