const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const inRange = (timeMs: number): number | undefined =>
  timeMs >= 0 && timeMs <= LATEST_MS ? timeMs : undefined;

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** The instant of an RFC 3339 date and time in ms since the epoch, undefined when it names none in 1970–9999. */
export function instantOfText(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? "0");
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const offsetMinutes = part(9) * 60 + part(10);
  if (year < 1969) return undefined; // Before 1970 at any offset.
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (part(10) > 59 || offsetMinutes > 18 * 60) return undefined;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  const isRealDay = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  if (!isRealDay) return undefined;
  const localMs = midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
  return inRange(localMs - (match[8] === "-" ? -1 : 1) * offsetMinutes * 60_000);
}

/** The instant of a JSON number's characters in ms since the epoch, undefined unless it is a whole one in 1970–9999. */
export function instantOfNumber(characters: string): number | undefined {
  const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(characters);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  // The number is the digits times a power of ten: whole when the digits that stay behind the point are all zeros.
  const digits = (whole + fraction).replace(/0+$/, "");
  const removedZeros = whole.length + fraction.length - digits.length;
  const power = Number(exponent) - fraction.length + removedZeros;
  if (digits !== "" && power < 0) return undefined;
  const timeMs = Number(characters);
  return inRange(timeMs === 0 ? 0 : timeMs);
}
