// A run that starts a supervised Kafka, prints its pids and goes on until it is killed: <folder> <port> <folder of jars>
import { systemClock } from "../../src/core/clock.ts";
import { runLocalKafka } from "../../src/local/supervise.ts";

const [dir = "", port = "", jars = ""] = process.argv.slice(2);
const kafka = await runLocalKafka({
  dir,
  port: Number(port),
  runtime: { environment: process.env, jars, heapMb: 256 },
  clock: systemClock,
  onEvent: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify(kafka.pids)}\n`);
