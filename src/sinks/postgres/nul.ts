/** Stands for what PostgreSQL's text can't hold, and for itself: U+2400, SYMBOL FOR NULL. */
const SIGN = "\u2400";

/**
 * Text without NUL, which PostgreSQL does not store: `␀0` stands for NUL and `␀␀` for ␀. All other texts stay as they are.
 */
export function withoutNul(text: string): string {
  if (!text.includes("\0") && !text.includes(SIGN)) return text;
  return text.replaceAll(SIGN, SIGN + SIGN).replaceAll("\0", `${SIGN}0`);
}

/** The inverse of `withoutNul`. */
export function withNul(text: string): string {
  if (!text.includes(SIGN)) return text;
  return text.replaceAll(/\u2400([0\u2400])/g, (_, sign) => (sign === "0" ? "\0" : SIGN));
}
