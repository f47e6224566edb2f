import { editFields, type FieldEdit } from "../../events/field-edit.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import type { Letters } from "./dead-letter-topic.ts";
import { forecast } from "./forecast.ts";
import { identityOf, type Letter, placeOf } from "./letter.ts";
import { isSelected, type LetterSelection } from "./letter-selection.ts";

/** Which letters to send again, and how. */
export interface ReplayRules {
  selection: LetterSelection;
  edits: readonly FieldEdit[];
  /** Events that were sent so many times stay dead. */
  maxAttempts: number;
  /** Letters to send at most; undefined for all. */
  limit: number | undefined;
}

/** An event to send again, or why it is not. */
export type Decision =
  | { value: Uint8Array | null }
  | { kept: "replayed" | "exhausted" | "truncated" | "unfixable" };

/** What a replay would do. */
export interface ReplayPlan {
  /** Letters that the selection means. */
  selected: number;
  /** Were sent again before. */
  replayed: number;
  /** Have used up their attempts. */
  exhausted: number;
  /** Their originals were too long to be kept. */
  truncated: number;
  /** `--fix` can't edit them: no JSON objects. */
  unfixable: number;
  /** The first of the last two kinds, by name. */
  named: string[];
  /** Letters to send. */
  toSend: number;
  /** Of those: would be late now. Undefined when no manifest tells. */
  late: number | undefined;
  /** Of those: would be dead letters again, by reason. */
  dead: Record<string, number> | undefined;
  /** Whether the engine counts an event once: of the rest, those that repeat a counted one would not count. */
  dedupe: boolean;
}

const NAMED = 20;

/** What becomes of a selected letter. */
export function decide(letter: Letter, rules: ReplayRules, marks: ReadonlySet<string>): Decision {
  if (marks.has(identityOf(letter))) return { kept: "replayed" };
  if (letter.truncatedBytes !== undefined) return { kept: "truncated" };
  if (letter.attempt >= rules.maxAttempts) return { kept: "exhausted" };
  if (rules.edits.length === 0) return { value: letter.value };
  const value = editFields(letter.value, rules.edits);
  return value === undefined ? { kept: "unfixable" } : { value };
}

/**
 * Reads all letters and tells what sending them would do; sends nothing.
 * @param partitionFor where an event would be sent
 */
export async function planReplay(
  topic: Letters,
  rules: ReplayRules,
  context: {
    marks: ReadonlySet<string>;
    manifest: Manifest | undefined;
    nowMs: number;
    partitionFor(letter: Letter): number;
  },
): Promise<ReplayPlan> {
  const { marks, manifest, nowMs, partitionFor } = context;
  const plan = { selected: 0, replayed: 0, exhausted: 0, truncated: 0, unfixable: 0, named: [] as string[] };
  const dead: Record<string, number> = {};
  let [toSend, late] = [0, 0];
  for await (const letter of topic.letters({ repeated: 0, foreign: 0 })) {
    if (!isSelected(letter, rules.selection)) continue;
    plan.selected++;
    const decision = decide(letter, rules, marks);
    if ("kept" in decision) {
      plan[decision.kept]++;
      const name = nameOf(letter, decision.kept);
      if (name !== undefined && plan.named.length < NAMED) plan.named.push(name);
      continue;
    }
    if (toSend === rules.limit) continue;
    toSend++;
    if (manifest === undefined) continue;
    const fate = forecast(manifest, { value: decision.value, partition: partitionFor(letter), nowMs });
    if (fate === "late") late++;
    else if (fate !== "counted") dead[fate.dead] = (dead[fate.dead] ?? 0) + 1;
  }
  return manifest === undefined
    ? { ...plan, toSend, late: undefined, dead: undefined, dedupe: false }
    : { ...plan, toSend, late, dead, dedupe: manifest.windows.dedupe === true };
}

function nameOf({ origin, truncatedBytes, reason }: Letter, kept: string): string | undefined {
  if (kept === "truncated") return `${placeOf(origin)}: its original of ${truncatedBytes} bytes was not kept`;
  if (kept === "unfixable") return `${placeOf(origin)}: --fix needs a JSON object (${reason})`;
  return undefined;
}
