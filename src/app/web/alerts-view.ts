import type { AlertsStatus } from "../../alerts/status.ts";
import type { Alerts } from "../../web/api.ts";

const SHOWN_ACTIVE = 20;
const SHOWN_CHANGES = 5;
/** Keys are whatever events hold. */
const MAX_KEY_LENGTH = 200;

/** Alerts as the API tells them, several times a second: bounded. `evaluated`: whether by this process. */
export function alertsView(
  { rules, active, firing, pending, recent, undelivered }: AlertsStatus,
  evaluated: boolean,
): Alerts {
  return {
    ...{ evaluated, rules, firing, pending, undelivered },
    active: active.slice(0, SHOWN_ACTIVE).map((alert) => ({ ...alert, key: shortKey(alert.key) })),
    recent: recent.slice(0, SHOWN_CHANGES).map(({ id, rule, severity, key, time, state, at, value }) => ({
      ...{ id, rule, severity, time, state, value },
      ...{ key: shortKey(key), atMs: Date.parse(at) },
    })),
  };
}

function shortKey(key: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(key).map(([column, value]) => [
      column,
      value.length > MAX_KEY_LENGTH ? `${value.slice(0, MAX_KEY_LENGTH)}…` : value,
    ]),
  );
}
