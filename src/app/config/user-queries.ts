import { z } from "zod";
import { UsageError } from "../../core/errors.ts";
import { EVENT_FIELDS, type EventRules, extraFieldsOf, type KeyField } from "../../events/event.ts";
import { isNumberSource, sourceOf } from "../../events/field-source.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import { checkedPlan } from "../../queries/query.ts";
import { STANDARD_QUERIES } from "../../queries/standard.ts";
import { queryPlanSchema } from "../../sinks/manifest-schema.ts";
import type { ConfigFile } from "./config-file.ts";
import { nearest } from "./nearest.ts";

/**
 * The queries of a pipeline: the standard ones unless left out, then those of the config file, then those that settings add.
 * @throws UsageError naming the query that can't be used.
 */
export function resolveQueries(
  file: ConfigFile | undefined,
  { standard, rules, added }: { standard: boolean; rules: EventRules; added: readonly QueryPlan[] },
): readonly QueryPlan[] {
  const own = file === undefined ? [] : readQueries(file);
  const queries = [...(standard ? STANDARD_QUERIES : []), ...own, ...added];
  if (queries.every(({ arrivals }) => arrivals)) {
    throw new UsageError(
      "There is no query to run.",
      "Add queries to the config file, or leave out --no-standard-queries.",
    );
  }
  const names = new Set<string>();
  for (const plan of queries) {
    if (names.has(plan.name)) {
      throw new UsageError(`Two queries are called ${plan.name}.`, "Rename one of them in the config file.");
    }
    names.add(plan.name);
    if (added.includes(plan)) continue; // of what every event has
    refuseUnknownFields(plan, rules);
    refuseWrongTypes(plan, rules);
    refuseImpossibleValues(plan, rules);
  }
  return queries;
}

function readQueries(file: ConfigFile): QueryPlan[] {
  if (file.values.queries === undefined) return [];
  const parsed = z.array(queryPlanSchema).safeParse(file.values.queries);
  if (!parsed.success) {
    throw new UsageError(
      `queries in ${file.path} can't be used: ${z.prettifyError(parsed.error)}.`,
      "Make each with query(name, { by, measures }).",
    );
  }
  return parsed.data.map(checkedPlan); // plans may be made by hand
}

function refuseUnknownFields(plan: QueryPlan, rules: EventRules): void {
  const known = [...EVENT_FIELDS.filter((field) => field !== "timestamp"), ...extraFieldsOf(rules)];
  const measured = Object.values(plan.measures).flatMap((measure) =>
    "field" in measure ? [measure.field] : [],
  );
  for (const field of [...plan.by, ...measured]) {
    if (known.includes(field)) continue;
    const guess = nearest(field, known);
    throw new UsageError(
      `Query ${plan.name}: no field is called ${field}.`,
      guess === undefined ? `Declare it: extraFields: { ${field}: "path.to.it" }.` : `Did you mean ${guess}?`,
    );
  }
}

/** Numbers are summed and compared, texts are grouped by and counted; neither can be the other. */
function refuseWrongTypes(plan: QueryPlan, rules: EventRules): void {
  const isNumber = (field: KeyField): boolean => isNumberSource(sourceOf(rules, field));
  const key = plan.by.find(isNumber);
  if (key !== undefined) {
    throw new UsageError(`Query ${plan.name}: ${key} is a number field, which is no key.`, ONLY_MEASURED);
  }
  for (const [column, measure] of Object.entries(plan.measures)) {
    if (!("field" in measure)) continue;
    const { kind, field } = measure;
    const needsNumber = kind === "sum" || kind === "min" || kind === "max";
    if (needsNumber === isNumber(field)) continue;
    if (!needsNumber) {
      throw new UsageError(
        `Query ${plan.name}: ${column} takes ${kind} of ${field}, which is a number field.`,
        ONLY_MEASURED,
      );
    }
    throw new UsageError(
      `Query ${plan.name}: ${column} takes the ${kind} of ${field}, which is no number field.`,
      `Declare one of another name: extraFields: { price: { path: "path.to.it", type: "number" } }.`,
    );
  }
}

const ONLY_MEASURED = "Number fields are only measured: by sum, min and max.";

/** A count of events that the rules refuse would be 0 for ever: most likely a slip. */
function refuseImpossibleValues(plan: QueryPlan, { actions, deviceTypes }: EventRules): void {
  for (const [column, measure] of Object.entries(plan.measures)) {
    if (measure.kind !== "countWhere") continue;
    if (measure.field !== "action" && measure.field !== "device_type") continue;
    const allowed = measure.field === "action" ? actions : deviceTypes;
    if (allowed.includes(measure.value)) continue;
    const setting = measure.field === "action" ? "actions" : "deviceTypes";
    throw new UsageError(
      `Query ${plan.name}: ${column} counts the ${measure.field} ${JSON.stringify(measure.value)}, which no event may have.`,
      `Use one of ${allowed.join(", ")}, or add it to ${setting}.`,
    );
  }
}
