/** What is remembered at most: pages of a site, users of an hour. */
const MAX_CHARACTERS = 16_000_000;

/** Gives equal texts as one, so that what is kept of many sessions takes memory once. Forgets all when it knows too much. */
export class SharedTexts {
  private readonly known = new Map<string, string>();
  private characters = 0;

  shared(text: string): string {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    this.characters += text.length;
    if (this.characters > MAX_CHARACTERS) {
      this.known.clear();
      this.characters = text.length;
    }
    this.known.set(text, text);
    return text;
  }
}
