import type { Dictionary } from "./dictionary.ts";
import { FieldReader, type IdReader } from "./field-reader.ts";
import { translated } from "./field-source.ts";

/**
 * Reads a field whose texts are translated by a value map. The texts as they stand have ids of their own, each with the
 * id of what it means, so that a text is translated once between two resets.
 */
export class MappedFieldReader implements IdReader {
  readonly dictionary: Dictionary;
  end = 0;
  private readonly target: FieldReader;
  private readonly map: Readonly<Record<string, string>>;
  private readonly source = new FieldReader();
  /** By source id: the id of the translation, −1 when it is not allowed. */
  private readonly ids: number[] = [];

  /** `target` holds the translations; it reads nothing itself. */
  constructor(target: FieldReader, map: Readonly<Record<string, string>>) {
    this.target = target;
    this.dictionary = target.dictionary;
    this.map = map;
  }

  reset(): void {
    this.source.reset();
    this.target.reset();
    this.ids.length = 0;
  }

  /** Hot. As `FieldReader.predict`. */
  predict(view: DataView, position: number, end: number, hint: number): number {
    return this.targetOf(this.source.predict(view, position, end, hint));
  }

  /** As `FieldReader.read`. */
  read(view: DataView, bytes: Uint8Array, position: number, end: number, hint: number): number {
    return this.targetOf(this.source.read(view, bytes, position, end, hint));
  }

  private targetOf(id: number): number {
    if (id < 0) return -1;
    for (let next = this.ids.length; next <= id; next++) {
      this.ids.push(this.target.idOfText(translated(this.source.dictionary.text(next), this.map)));
    }
    this.end = this.source.end;
    return this.ids[id]!;
  }
}
