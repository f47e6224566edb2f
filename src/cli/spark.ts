import { Command } from "commander";
import { jarsProgress } from "../app/jars-progress.ts";
import { plural } from "../app/numbers-for-people.ts";
import {
  type SparkStatus,
  sparkSoftware,
  sparkStart,
  sparkStatus,
  sparkStop,
} from "../app/spark/local-spark.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream spark start|stop|status`: a local Spark cluster that outlives the command. */
export function sparkCommand(): Command {
  const command = new Command("spark").description("start, stop or look at a local Spark cluster");
  command.addCommand(startCommand()).addCommand(stopCommand()).addCommand(statusCommand());
  return addExamples(command, [
    ["spark start", "one executor a core, ready when the command returns"],
    ["spark stop", "queries end; their checkpoints stay"],
  ]);
}

function startCommand(): Command {
  const command = new Command("start").description(
    "start it and return when it answers; prints its address for --spark",
  );
  addSettings(command, "spark");
  addExamples(command, [
    ["spark start", "one executor of one core for each core"],
    ["spark start --executors 4 --spark-dir .clickstream/four", "four executors"],
  ]);
  return setAction(command, "spark", async (context) => {
    const { config, environment, clock, log, stopRequested: signal } = context;
    const { sparkDir, executors } = config.settings;
    const onProgress = jarsProgress(context, sparkSoftware);
    const { status, started } = await sparkStart({
      sparkDir,
      executors,
      environment,
      clock,
      signal,
      onProgress,
    });
    log.info(`Spark runs${started === 0 ? " already" : ""}, its page is ${status.page}`);
    printLine(String(status.url));
    return DONE;
  });
}

function stopCommand(): Command {
  const command = new Command("stop").description("stop it; checkpoints and results stay");
  addSettings(command, "spark", ["sparkDir", "logLevel", "logFile"]);
  addExamples(command, [["spark stop --spark-dir .clickstream/four", "the one in a folder of its own"]]);
  return setAction(command, "spark", async ({ config, clock }) => {
    const { stopped } = await sparkStop({ sparkDir: config.settings.sparkDir, clock });
    printLine(stopped === 0 ? "no Spark was running" : `stopped ${stopped} ${plural(stopped, "program")}`);
    return DONE;
  });
}

function statusCommand(): Command {
  const command = new Command("status").description("say whether it runs, and where");
  addSettings(command, "spark", ["sparkDir", "logLevel", "logFile"]);
  command.option("--json", "as one object of JSON");
  addExamples(command, [
    ["spark status", "programs, addresses and logs"],
    ["spark status --json | jq -r .url", "for --spark"],
  ]);
  return setAction(command, "spark", async ({ config }) => {
    const { sparkDir } = config.settings;
    const status = await sparkStatus({ sparkDir });
    if (command.getOptionValue("json")) {
      printLine(JSON.stringify(status));
      return DONE;
    }
    for (const line of statusLines(status, `npx clickstream spark start --spark-dir ${sparkDir}`))
      printLine(line);
    return DONE;
  });
}

function statusLines({ state, dir, url, page, executors, programs }: SparkStatus, start: string): string[] {
  if (state === "absent" || executors === null)
    return [`no Spark was started in ${dir}`, `  start it: ${start}`];
  if (state === "stopped") return [`stopped (${dir})`, `  start it: ${start}`];
  const { running, wanted } = executors;
  const lines = [
    `${state} (${dir})`,
    `  ${url}  page ${page}  ${running} of ${wanted} ${plural(wanted, "executor")}`,
  ];
  for (const { name, pid, answers, log } of programs) {
    const process = pid === null ? "no process" : `pid ${pid}`;
    lines.push(`  ${name}  ${process}  ${answers ? "answers" : "does not answer"}  ${log}`);
  }
  if (programs.some(({ pid }) => pid === null)) lines.push(`  start what is missing: ${start}`);
  return lines;
}
