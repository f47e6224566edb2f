import { existsSync } from "node:fs";
import { join } from "node:path";
import { ALERTS_FILE, AlertStore, KEPT_CHANGES } from "../../alerts/alert-store.ts";
import { watchables } from "../../alerts/row-values.ts";
import type { AlertRule } from "../../alerts/rule.ts";
import { type AlertsStatus, alertsStatus } from "../../alerts/status.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { alertsFolderOf } from "./alerts-part.ts";

/**
 * What was recorded of an output's alerts, whether a process evaluates them now or not. Undefined where nothing was, or it
 * can't be read, as on a disk that must not be written.
 */
export function recordedAlerts(
  output: string,
  { queries, windows }: Pick<Manifest, "queries" | "windows">,
): AlertsStatus | undefined {
  const folder = alertsFolderOf(output);
  if (!existsSync(join(folder, ALERTS_FILE))) return undefined;
  try {
    using store = new AlertStore(folder, { readOnly: true });
    const changes = store.changes(KEPT_CHANGES);
    const rules = store.rules().map(({ name, definition }) => {
      const rule = JSON.parse(definition) as AlertRule;
      // A rule's definition leaves out what is only told; its latest change has it.
      const told = changes.find((change) => change.rule === name);
      return told === undefined ? rule : { ...rule, severity: told.severity, note: told.note };
    });
    return alertsStatus(store, rules, watchables(queries, windows));
  } catch {
    return undefined; // the page goes on without
  }
}
