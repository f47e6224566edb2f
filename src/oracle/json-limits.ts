// One verdict for both engines: JSON.parse takes more than Spark's parser does. These are the first that are refused.
const REFUSED_NESTING = 998;
const REFUSED_NUMBER_CHARACTERS = 1_000;
const REFUSED_NAME_CHARACTERS = 50_000;

const NAME_END = /\s*:/y;
const decodedLength = (literal: string): number => (JSON.parse(literal) as string).length;

/** Whether the text, known to be JSON, nests too deep or has a number or a name that is too long. */
export function exceedsJsonLimits(text: string): boolean {
  // Nothing shorter can hold any of the three.
  if (text.length < REFUSED_NUMBER_CHARACTERS) return false;
  let nesting = 0;
  let position = 0;
  while (position < text.length) {
    const character = text.charAt(position);
    let end = position + 1;
    if (character === "{" || character === "[") {
      nesting++;
      if (nesting >= REFUSED_NESTING) return true;
    } else if (character === "}" || character === "]") {
      nesting--;
    } else if (character === '"') {
      while (text.charAt(end) !== '"') end += text.charAt(end) === "\\" ? 2 : 1;
      end++;
      NAME_END.lastIndex = end;
      const isLongName = end - position > REFUSED_NAME_CHARACTERS && NAME_END.test(text);
      if (isLongName && decodedLength(text.slice(position, end)) >= REFUSED_NAME_CHARACTERS) return true;
    } else if (/[-0-9]/.test(character)) {
      while (/[-+.eE0-9]/.test(text.charAt(end))) end++;
      if (end - position >= REFUSED_NUMBER_CHARACTERS) return true;
    }
    position = end;
  }
  return false;
}
