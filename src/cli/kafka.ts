import { Command } from "commander";
import { jarsProgress } from "../app/jars-progress.ts";
import { kafkaStart, kafkaStatus, kafkaStop } from "../app/local-kafka.ts";
import { DONE, printLine, setAction } from "./action.ts";
import { addExamples } from "./examples.ts";
import { addSettings } from "./setting-options.ts";

/** `clickstream kafka start|stop|status`: a local Kafka that outlives the command. */
export function kafkaCommand(): Command {
  const command = new Command("kafka").description("start, stop or look at a local Kafka");
  command.addCommand(startCommand()).addCommand(stopCommand()).addCommand(statusCommand());
  return addExamples(command, [
    ["kafka start", "on port 9092, ready when the command returns"],
    ["kafka start --nodes 3 --port 19092 --dir .clickstream/three", "three nodes: replication 3"],
    ["kafka stop", "what it holds stays for the next start"],
  ]);
}

function startCommand(): Command {
  const command = new Command("start").description(
    "start it and return when it answers; prints its addresses",
  );
  addSettings(command, "kafka");
  addExamples(command, [
    ["kafka start", "on port 9092"],
    ["kafka start --nodes 3 --dir .clickstream/three", "three nodes: replication 3, two in sync"],
  ]);
  return setAction(command, "kafka", async (context) => {
    const { config, environment, clock, log, stopRequested: signal } = context;
    const { dir, port, nodes } = config.settings;
    const onProgress = jarsProgress(context);
    const { status, started } = await kafkaStart({
      dir,
      port,
      nodes,
      environment,
      clock,
      signal,
      onProgress,
    });
    log.info(started === 0 ? "Kafka runs already" : `Kafka runs, its files are in ${dir}`);
    printLine(status.brokers.join(","));
    return DONE;
  });
}

function stopCommand(): Command {
  const command = new Command("stop").description("stop it; what it holds stays");
  addSettings(command, "kafka", ["dir", "logLevel", "logFile"]);
  addExamples(command, [["kafka stop --dir .clickstream/three", "the one in a folder of its own"]]);
  return setAction(command, "kafka", async ({ config, clock }) => {
    const { stopped } = await kafkaStop({ dir: config.settings.dir, clock });
    printLine(
      stopped === 0 ? "no Kafka was running" : `stopped ${stopped} ${stopped === 1 ? "node" : "nodes"}`,
    );
    return DONE;
  });
}

function statusCommand(): Command {
  const command = new Command("status").description("say whether it runs, and where");
  addSettings(command, "kafka", ["dir", "logLevel", "logFile"]);
  addExamples(command, [["kafka status", "the one that run uses"]]);
  return setAction(command, "kafka", async ({ config }) => {
    const { state, dir, nodes } = await kafkaStatus({ dir: config.settings.dir });
    printLine(`${state} (${dir})`);
    for (const { nodeId, port, pid, answers, log } of nodes) {
      const process = pid === null ? "no process" : `pid ${pid}`;
      const answer = answers ? "answers" : "does not answer";
      printLine(`  node ${nodeId}  127.0.0.1:${port}  ${process}  ${answer}  ${log}`);
    }
    return DONE;
  });
}
