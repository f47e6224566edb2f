import { Command } from "commander";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream alerts list|test`: the rules that hold, and what they would have done. */
export function alertsCommand(): Command {
  const command = new Command("alerts").description("list alert rules, and try them on the past");
  command.addCommand(listCommand()).addCommand(testCommand());
  return addExamples(command, [
    ["alerts list", "the default rules and those of the config file"],
    ["alerts test traffic_fell --from 2026-11-01T00:00:00Z", "when a rule would have fired"],
  ]);
}

function listCommand(): Command {
  const command = new Command("list").description("print the rules that hold: the default ones and your own");
  addSettings(command, "alerts", ["dataQuality", "sessions", "logLevel", "logFile"]);
  command.option("--json", "as JSON");
  addExamples(command, [["alerts list --json | jq .", "for programs"]]);
  return setAction(command, "alerts", async ({ config: { alertRules } }) => {
    const { rulesText } = await import("../app/alerting/alerts-text.ts");
    printLine(command.getOptionValue("json") ? JSON.stringify(alertRules) : rulesText(alertRules));
    return DONE;
  });
}

function testCommand(): Command {
  const command = new Command("test")
    .description("replay a rule over the windows of an output that are final, and tell nobody else")
    .argument("<rule>", "name of a rule over a query");
  addSettings(command, "alerts", ["output", "from", "to", "dataQuality", "sessions", "logLevel", "logFile"]);
  command.option("--json", "as JSON, times in ms since the epoch");
  addExamples(command, [
    ["alerts test traffic_fell", "over all that is there"],
    ["alerts test busy_page --from 2026-11-23T08:00:00Z --to 2026-11-23T12:00:00Z", "over four hours"],
    ["alerts test busy_page --json | jq .fired", "for programs"],
  ]);
  return setAction(command, "alerts", async ({ config, clock }) => {
    const { testRule } = await import("../app/alerting/test-rule.ts");
    const { ruleTestText } = await import("../app/alerting/alerts-text.ts");
    const { output, from, to } = config.settings;
    const rule = String(command.args[0]);
    const asked = { rules: config.alertRules, rule, output, fromMs: from ?? null, toMs: to ?? null };
    const result = await testRule(asked, clock);
    printLine(command.getOptionValue("json") ? JSON.stringify(result) : ruleTestText(result));
    return DONE;
  });
}
