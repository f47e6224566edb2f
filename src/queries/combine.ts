import type { Measure } from "./plan.ts";

/** How values of a measure in several windows make one; null when they do not. */
export function combineOf(measure: Measure): "sum" | "min" | "max" | null {
  switch (measure.kind) {
    case "count":
    case "countWhere":
    case "sum":
    case "single":
      return "sum";
    case "timeSpan":
      return measure.pick === "sum" ? "sum" : "max";
    case "countDistinct":
    case "maxTime":
    case "max":
      return "max";
    case "minTime":
    case "min":
      return "min";
    case "first":
    case "last":
      return null;
  }
}
