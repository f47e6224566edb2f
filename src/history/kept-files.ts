import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The names of files kept between runs, by query, each in a folder of its own: read once, then as its user changes them. */
export class KeptFiles {
  readonly #folder: string;
  readonly #present = new Map<string, Set<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The names of a query's files; whoever makes or removes one changes the set. */
  async of(query: string): Promise<Set<string>> {
    const known = this.#present.get(query);
    if (known !== undefined) return known;
    const present = new Set(await readdir(join(this.#folder, query)).catch(() => [])); // none yet
    this.#present.set(query, present);
    return present;
  }

  /** Looks again which files there are: another process may have deleted some. */
  forget(): void {
    this.#present.clear();
  }
}
