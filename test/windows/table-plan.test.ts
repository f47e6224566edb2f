import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EVENT_FIELDS, type EventKey } from "../../src/events/event.ts";
import type { Measure } from "../../src/queries/plan.ts";
import { query } from "../../src/queries/query.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { measureFields, measureNeedsTimes, planTables, tableFor } from "../../src/windows/table-plan.ts";

const KEY_FIELDS = EVENT_FIELDS.filter((field): field is EventKey => field !== "timestamp");
const field = fc.constantFrom(...KEY_FIELDS);
const measure: fc.Arbitrary<Measure> = fc.oneof(
  fc.constantFrom<Measure>({ kind: "count" }, { kind: "minTime" }, { kind: "maxTime" }),
  field.map((of): Measure => ({ kind: "countDistinct", field: of })),
  field.map((of): Measure => ({ kind: "countWhere", field: of, value: "x" })),
  field.map((of): Measure => ({ kind: "timeSpan", field: of, pick: "sum" })),
);
const queries = fc.array(
  fc.record({
    by: fc.uniqueArray(field, { maxLength: 4 }),
    measures: fc.dictionary(fc.stringMatching(/^m_[a-z]{1,4}$/), measure, { minKeys: 1, maxKeys: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);

test("whatever the queries, every measure can be rolled up from a table of the plan", () => {
  fc.assert(
    fc.property(queries, (declared) => {
      const plans = declared.map((parts, index) => query(`q${index}`, parts));
      const plan = planTables(plans);
      for (const declaredQuery of plans) {
        for (const needed of Object.values(declaredQuery.measures)) {
          const fields = measureFields(declaredQuery, needed);
          const table = plan.tables[tableFor(plan, fields, measureNeedsTimes(needed))];
          assert(table !== undefined);
          assert(fields.every((of) => table.fields.includes(of) && plan.fields.includes(of)));
        }
      }
    }),
  );
});

test("the standard queries need two tables: one by session with times, one by page", () => {
  assert.deepEqual(planTables(STANDARD_QUERIES).tables, [
    { fields: ["user_id", "session_id", "device_type", "browser"], times: true },
    { fields: ["user_id", "url", "action"], times: false },
  ]);
});
