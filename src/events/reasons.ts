import type { EventField, ExtraField } from "./event.ts";

/** Why an event is a dead letter: the first reason that applies, in this order. `late` is not a dead letter. */
export type DeadReason =
  | "too_large"
  | "not_json"
  | "not_an_object"
  | `missing_field:${EventField | ExtraField}`
  | `wrong_type:${EventField | ExtraField}`
  | `empty_field:${EventField | ExtraField}`
  | `out_of_range:${ExtraField}`
  | "bad_timestamp"
  | "unknown_action"
  | "unknown_device_type"
  | "no_record_time"
  | "from_the_future";
