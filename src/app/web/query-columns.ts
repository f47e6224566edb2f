import { combineOf } from "../../queries/combine.ts";
import type { Measure, QueryPlan } from "../../queries/plan.ts";
import type { QueryInfo } from "../../web/api.ts";

type Column = QueryInfo["columns"][number];

/** The keys and measures of a query as the API tells them. */
export function queryColumns({ by, measures }: QueryPlan): Column[] {
  return [
    ...by.map((name): Column => ({ name, role: "key", type: "text", combine: null })),
    ...Object.entries(measures).map(
      ([name, measure]): Column => ({
        name,
        role: "measure",
        type: typeOf(measure),
        combine: combineOf(measure),
      }),
    ),
  ];
}

function typeOf({ kind }: Measure): Column["type"] {
  switch (kind) {
    case "count":
    case "countWhere":
    case "countDistinct":
    case "single":
      return "count";
    case "sum":
    case "min":
    case "max":
      return "number";
    case "timeSpan":
      return "seconds";
    case "minTime":
    case "maxTime":
      return "time";
    case "first":
    case "last":
      return "text";
  }
}
