import { EVENT_FIELDS, type EventField, type EventRules, type ExtraField, extraFieldsOf } from "./event.ts";
import { sourceOf } from "./field-source.ts";

/** Where fields stand in an event: a tree of member names. */
export interface FieldPaths {
  /** The fields that are read from this member. */
  readonly fields: readonly (EventField | ExtraField)[];
  /** By the name of the member inside. */
  readonly members: ReadonlyMap<string, FieldPaths>;
}

interface GrowingPaths {
  fields: (EventField | ExtraField)[];
  members: Map<string, GrowingPaths>;
}

/** The tree of all paths that the rules read. */
export function fieldPaths(rules: EventRules): FieldPaths {
  const root: GrowingPaths = { fields: [], members: new Map() };
  for (const field of [...EVENT_FIELDS, ...extraFieldsOf(rules)]) {
    const source = sourceOf(rules, field);
    if ("value" in source) continue;
    let at = root;
    for (const name of source.path) {
      const inside = at.members.get(name) ?? { fields: [], members: new Map() };
      at.members.set(name, inside);
      at = inside;
    }
    at.fields.push(field);
  }
  return root;
}
