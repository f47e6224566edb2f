import { Command } from "commander";
import { jarsProgress } from "../app/jars-progress.ts";
import { plural } from "../app/numbers-for-people.ts";
import { sparkSoftware, sparkStart, sparkStatus, sparkStop } from "../app/spark/local-spark.ts";
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
    log.info(started === 0 ? "Spark runs already" : `Spark runs, its page is ${status.page}`);
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
  addExamples(command, [["spark status --json | jq -r .url", "for --spark"]]);
  return setAction(command, "spark", async ({ config }) => {
    const status = await sparkStatus({ sparkDir: config.settings.sparkDir });
    if (command.getOptionValue("json")) {
      printLine(JSON.stringify(status));
      return DONE;
    }
    const { state, dir, url, page, executors, programs } = status;
    printLine(`${state} (${dir})`);
    if (executors !== null) {
      const { running, wanted } = executors;
      printLine(`  ${url}  page ${page}  ${running} of ${wanted} ${plural(wanted, "executor")}`);
    }
    for (const { name, pid, answers, log } of programs) {
      const process = pid === null ? "no process" : `pid ${pid}`;
      printLine(`  ${name}  ${process}  ${answers ? "answers" : "does not answer"}  ${log}`);
    }
    return DONE;
  });
}
