import type { RowShape } from "./columns.ts";

/**
 * DuckDB reads JSON numbers as doubles, which hold some 15 digits; texts it reads as decimals, exactly. So numbers of
 * columns with more digits are put in quotes. Undefined when a shape has none. A column's rewriting is found from the end
 * of the line: keys, which may hold anything, are before all measures.
 */
export function decimalQuoter({ columns, keys }: RowShape): ((rows: Buffer) => Buffer) | undefined {
  if (!columns.some(({ type }) => type === "DECIMAL(38,6)")) return undefined;
  const measures = columns.slice(2 + keys.length);
  const pattern = measures.map(({ name }) => `(,"${name}":)("[^"]*"|[^",}]+)`).join("");
  const tail = new RegExp(`${pattern}}$`, "gm");
  return (rows) =>
    Buffer.from(
      rows.toString().replace(tail, (_, ...groups: string[]) => {
        const members = measures.map(({ type }, at) => {
          const [prefix, value] = groups.slice(2 * at, 2 * at + 2) as [string, string];
          return type === "DECIMAL(38,6)" ? `${prefix}"${value}"` : prefix + value;
        });
        return `${members.join("")}}`;
      }),
    );
}
