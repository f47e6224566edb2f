import { styleText } from "node:util";
import { createLogUpdate } from "log-update";

/** Text formats that the views use. */
export type Format = "bold" | "dim" | "cyan" | "green" | "yellow" | "red";

/** Gives text a format, or leaves it as it is where colours are unwanted. */
export type Style = (format: Format, text: string) => string;

/** Leaves every text as it is. */
export const plainStyle: Style = (_format, text) => text;

/** Standard error: log lines that stay, and below them at most one view that is redrawn in place. */
export class Terminal {
  /** Whether a person looks: views are drawn, colours used (unless NO_COLOR). */
  readonly interactive: boolean;
  readonly style: Style;
  readonly #stream: NodeJS.WriteStream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  #view: string | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.interactive = stream.isTTY === true && stream.rows !== 0; // 0: a terminal that shows nothing
    this.style = this.interactive ? (format, text) => styleText(format, text, { stream }) : plainStyle;
    this.#update = createLogUpdate(stream);
  }

  /** Columns; 80 when unknown. */
  get width(): number {
    return this.#stream.columns || 80;
  }

  /** Writes lines that stay, above the view. */
  write(text: string): void {
    if (this.#view === undefined) {
      this.#stream.write(text);
      return;
    }
    this.#update.clear();
    this.#stream.write(text);
    this.#update(this.#view);
  }

  /** Draws the view, over the one before. Does nothing where nobody looks. */
  show(view: string): void {
    if (!this.interactive) return;
    this.#view = view;
    this.#update(view);
  }

  /** Leaves the last view where it is; later text comes below it. */
  release(): void {
    if (this.#view === undefined) return;
    this.#view = undefined;
    this.#update.done();
  }
}
