import { type Command, Option } from "commander";
import {
  type CommandName,
  flagOf,
  SETTING_NAMES,
  type SettingName,
  settingOf,
} from "../app/config/settings.ts";

/** Gives a command the options of its settings, from the table; `only` narrows them. */
export function addSettings(command: Command, name: CommandName, only?: readonly SettingName[]): void {
  for (const setting of SETTING_NAMES) {
    const { commands, doc, kind, group, onlyVariable } = settingOf(setting);
    if (!commands.includes(name) || only?.includes(setting) === false || onlyVariable) continue;
    const value = kind.placeholder === undefined ? "" : ` <${kind.placeholder}>`;
    const option = new Option(flagOf(setting) + value, `${doc}${shownDefault(setting, name)}`);
    if (kind.repeatable) option.argParser((text, before?: string[]) => [...(before ?? []), text]);
    command.addOption(option.helpGroup(`${group}:`));
  }
}

/** Settings whose flags were given, as text or true or false. */
export function givenFlags(command: Command): Partial<Record<SettingName, unknown>> {
  const given = SETTING_NAMES.filter((name) => command.getOptionValueSource(name) === "cli");
  return Object.fromEntries(given.map((name) => [name, command.getOptionValue(name)]));
}

function shownDefault(name: SettingName, command: CommandName): string {
  const { defaultFor, default: common, defaultDoc, kind } = settingOf(name);
  if (kind.placeholder === undefined) return "";
  const value = defaultFor?.[command] ?? common;
  const shown = value === undefined ? defaultDoc : String(kind.format(value));
  return shown === undefined || shown === "" ? "" : ` (default: ${shown})`;
}
