/** The length of `2026-11-23T08:05:00.123Z`. */
export const TIMESTAMP_LENGTH = 24;

/** Covers the minutes that disorder and lateness mix, so that nearly every minute's text is made once. */
const MINUTES = 64;
const MINUTE_MS = 60_000;

const littleEndian = (text: string): number => Buffer.from(text.padEnd(4)).readInt32LE();
const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** `07.` and a byte that is overwritten. */
const SECONDS = Int32Array.from({ length: 60 }, (_, second) => littleEndian(`${twoDigits(second)}.`));
/** `123Z`. */
const MILLISECONDS = Int32Array.from({ length: 1_000 }, (_, ms) =>
  littleEndian(`${String(ms).padStart(3, "0")}Z`),
);

/** Writes event times; remembers the text of the last minutes. */
export class TimestampWriter {
  readonly #minutes = new Int32Array(MINUTES).fill(-1);
  readonly #texts = new DataView(new ArrayBuffer(MINUTES * TIMESTAMP_LENGTH));

  /** Hot. Writes the time that is `restMs` (below 60,000) into a minute since the epoch; three words and two halves. */
  write(view: DataView, position: number, minute: number, restMs: number): number {
    const line = minute & (MINUTES - 1);
    if (this.#minutes[line] !== minute) this.#remember(line, minute);
    const text = line * TIMESTAMP_LENGTH;
    view.setFloat64(position, this.#texts.getFloat64(text, true), true);
    view.setFloat64(position + 8, this.#texts.getFloat64(text + 8, true), true);
    view.setUint8(position + 16, this.#texts.getUint8(text + 16));
    const second = (restMs / 1_000) | 0;
    view.setInt32(position + 17, SECONDS[second]!, true);
    view.setInt32(position + 20, MILLISECONDS[restMs - second * 1_000]!, true);
    return position + TIMESTAMP_LENGTH;
  }

  #remember(line: number, minute: number): void {
    this.#minutes[line] = minute;
    const text = Buffer.from(new Date(minute * MINUTE_MS).toISOString());
    for (const [index, byte] of text.entries()) this.#texts.setUint8(line * TIMESTAMP_LENGTH + index, byte);
  }
}
