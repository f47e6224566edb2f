import { UsageError } from "../../core/errors.ts";
import type { Origins } from "./resolve.ts";
import { type CommandName, flagOf, SETTINGS, type SettingName, type Settings } from "./settings.ts";

/** Settings that say something only beside another one. */
const PAIRS: readonly (readonly [setting: SettingName, needed: SettingName])[] = [
  ["sessionGap", "sessions"],
  ["qualityFactor", "dataQuality"],
  ["postgresSchema", "postgres"],
  ["group", "groupPositions"],
  ["alertWebhook", "alerts"],
  ["alertWebhookSecretFile", "alerts"],
  ["alertWebhookPrivate", "alerts"],
  ["alertTopic", "alerts"],
  ["alertWebhookPrivate", "alertWebhook"],
];

/**
 * Refuses flags that would be ignored: whoever gives one expects it to do something. In a config file or a variable they wait
 * for the run that needs them.
 * @throws UsageError naming both.
 */
export function refuseIgnoredFlags(command: CommandName, settings: Settings, origins: Origins): void {
  const isGiven = (name: SettingName): boolean => origins[name].startsWith("flag");
  for (const [name, needed] of PAIRS) {
    const isOn = settings[needed] !== undefined && settings[needed] !== false;
    const isKnown = SETTINGS[needed].commands.some((known) => known === command); // verify learns from the output
    if (!isGiven(name) || isOn || !isKnown) continue;
    const isTurnedOff = flagOf(needed).startsWith("--no-");
    throw new UsageError(
      isTurnedOff
        ? `${flagOf(name)} does nothing with ${flagOf(needed)}.`
        : `${flagOf(name)} needs ${flagOf(needed)}.`,
      isTurnedOff ? `Leave out one of them.` : `Add ${flagOf(needed)}, or leave out ${flagOf(name)}.`,
    );
  }
  if (isGiven("httpTokenFile") && settings.http === "off") {
    throw new UsageError(
      "--http-token-file needs --http: nothing listens.",
      "Name a port, such as --http 8080, or leave the token out.",
    );
  }
  if (command === "run" && isGiven("rate") && (settings.exit || !settings.live)) {
    throw new UsageError(
      `--rate is for live events, and with ${settings.exit ? "--exit" : "--no-live"} there are none.`,
      "Leave out one of them.",
    );
  }
  if (isGiven("sparkDir") && settings.spark !== undefined) {
    throw new UsageError(
      "--spark-dir is for a local Spark, and --spark names another.",
      "Leave out one of them.",
    );
  }
}
