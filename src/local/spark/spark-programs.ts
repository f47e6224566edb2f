import type { Environment } from "../environment.ts";
import { type JavaProgram, launchJava } from "../java-process.ts";
import { SPARK } from "../software.ts";
import {
  markedProgram,
  SPARK_LOG,
  type SparkFolder,
  type SparkProgram,
  type SparkRecord,
} from "./spark-folder.ts";

/** How to run Spark's programs. */
export interface SparkRuntime {
  environment: Environment;
  /** Folder of Spark's jars. */
  jars: string;
  /** Heap of the driver, which is the Connect server. */
  driverMb: number;
  /** Heap of each executor; RocksDB's state lies beside it. */
  executorMb: number;
  /** Further settings of Spark's for the Connect server. */
  settings?: Readonly<Record<string, string>>;
}

/** Fits a machine of 24 GiB with a broker beside it: some 6 GB at most with two executors. */
export const DEFAULT_MEMORY = { driverMb: 2_048, executorMb: 1_536 };

const HOST = "127.0.0.1";
/** The master and the workers only start, watch and end others. */
const DAEMON_MB = 256;

/** What Spark reaches into on Java 17 and newer, as its own start scripts list it. */
const OPENED = [
  "java.base/java.lang",
  "java.base/java.lang.invoke",
  "java.base/java.lang.reflect",
  "java.base/java.io",
  "java.base/java.net",
  "java.base/java.nio",
  "java.base/java.util",
  "java.base/java.util.concurrent",
  "java.base/java.util.concurrent.atomic",
  "java.base/jdk.internal.ref",
  "java.base/sun.nio.ch",
  "java.base/sun.nio.cs",
  "java.base/sun.security.action",
  "java.base/sun.util.calendar",
  "java.security.jgss/sun.security.krb5",
];
const JAVA_OPTIONS = [
  "-XX:+IgnoreUnrecognizedVMOptions",
  "--add-modules=jdk.incubator.vector",
  ...OPENED.map((opened) => `--add-opens=${opened}=ALL-UNNAMED`),
  "-Djdk.reflect.useDirectMethodHandle=false",
  "-Dio.netty.tryReflectionSetAccessible=true",
  "--enable-native-access=ALL-UNNAMED",
  "-Djava.awt.headless=true",
];

/**
 * Java's optimising compiler would spend minutes of a core on code that runs a few thousand times a batch: what is run for each
 * event reaches ten times its usual thresholds within a second.
 */
const LATE_OPTIMISATION = [
  "-XX:Tier4InvocationThreshold=50000",
  "-XX:Tier4MinInvocationThreshold=6000",
  "-XX:Tier4CompileThreshold=150000",
  "-XX:Tier4BackEdgeThreshold=400000",
];

/** A heap that starts as it may become, half of it for what is new: a small one that grows is collected five times as often. */
function roomyHeap(megabytes: number): string[] {
  const fresh = Math.floor(megabytes / 2);
  return [`-Xms${megabytes}m`, `-Xmn${fresh}m`, "-XX:MetaspaceSize=256m", "-XX:+UseSerialGC"];
}

/** Of an executor, on one core: while one waits for Kafka, a file or RocksDB, the other computes. */
export const TASKS_AT_ONCE = 2;

/** `spark://127.0.0.1:port` of the master. */
function masterUrl({ ports }: SparkRecord): string {
  return `spark://${HOST}:${ports.master}`;
}

/**
 * Starts one program of the cluster as a process that outlives this one, and returns its pid at once.
 * @throws ClickstreamError JAVA_MISSING
 */
export function launchProgram(
  folder: SparkFolder,
  record: SparkRecord,
  program: SparkProgram,
  runtime: SparkRuntime,
): number {
  const { dir, printed } = folder.program(program.name);
  const java: JavaProgram = {
    software: SPARK,
    environment: {
      ...runtime.environment,
      SPARK_LOCAL_IP: HOST, // pages bind to it
      SPARK_HOME: folder.home,
      SPARK_SCALA_VERSION: "2.13",
      SPARK_CONF_DIR: folder.dir,
      SPARK_USER: undefined,
      SPARK_CONNECT_AUTHENTICATE_TOKEN: undefined, // of another server: this one is known by its address alone
    },
    folder: dir,
    printed,
    args: [
      ...JAVA_OPTIONS,
      `-Dlog4j2.configurationFile=${folder.logSettings}`,
      `-Dclickstream.log=${SPARK_LOG}`,
      markedProgram(folder, program).mark,
      "-cp",
      `${runtime.jars}/*`,
      ...argumentsOf(folder, record, program, runtime),
    ],
  };
  return launchJava(java);
}

function argumentsOf(
  folder: SparkFolder,
  record: SparkRecord,
  { name }: SparkProgram,
  runtime: SparkRuntime,
): string[] {
  if (name === "master") return masterArguments(folder, record);
  if (name === "connect") return connectArguments(folder, record, runtime);
  return workerArguments(folder, record, name, runtime);
}

/** What is known of workers and applications outlives the master's process: they find the next one. */
function masterArguments(folder: SparkFolder, { ports }: SparkRecord): string[] {
  return [
    `-Xmx${DAEMON_MB}m`,
    "-XX:+UseSerialGC",
    "-Dspark.master.rest.enabled=false",
    "-Dspark.deploy.recoveryMode=FILESYSTEM",
    `-Dspark.deploy.recoveryDirectory=${folder.program("master").dir}/recovery`,
    "-Dspark.worker.timeout=20",
    "org.apache.spark.deploy.master.Master",
    ...["--host", HOST, "--port", String(ports.master), "--webui-port", String(ports.masterPage)],
  ];
}

function workerArguments(
  folder: SparkFolder,
  record: SparkRecord,
  name: string,
  { executorMb }: SparkRuntime,
): string[] {
  return [
    `-Xmx${DAEMON_MB}m`,
    "-XX:+UseSerialGC",
    "-Dspark.worker.cleanup.enabled=true",
    "org.apache.spark.deploy.worker.Worker",
    ...["--host", HOST, "--webui-port", "0", "-c", String(TASKS_AT_ONCE), "-m", `${executorMb}m`],
    ...["-d", `${folder.program(name).dir}/applications`, masterUrl(record)],
  ];
}

function connectArguments(folder: SparkFolder, record: SparkRecord, runtime: SparkRuntime): string[] {
  const { dir } = folder.program("connect");
  const { ports } = record;
  const executorOptions = [
    `-Dlog4j2.configurationFile=${folder.logSettings}`,
    `-Dclickstream.log=${SPARK_LOG}`,
    "-XX:+ExitOnOutOfMemoryError",
    ...roomyHeap(runtime.executorMb),
    ...LATE_OPTIMISATION,
  ];
  const settings: Record<string, string> = {
    "spark.master": masterUrl(record),
    "spark.app.name": "clickstream",
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.connect.grpc.binding.address": HOST,
    "spark.connect.grpc.binding.port": String(ports.connect),
    // A program that was killed shall find its queries, however long it was away.
    "spark.connect.session.manager.defaultSessionTimeout": "-1",
    "spark.ui.port": String(ports.driverPage),
    "spark.executor.memory": `${runtime.executorMb}m`,
    "spark.executor.cores": String(TASKS_AT_ONCE),
    "spark.cores.max": String(record.executors * TASKS_AT_ONCE),
    "spark.executor.extraJavaOptions": executorOptions.join(" "),
    // Spark's 100 are less than what the standard queries have: each batch would be compiled anew, by Spark and then by Java.
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.local.dir": `${dir}/scratch`,
    "spark.sql.warehouse.dir": `${dir}/warehouse`,
    // Executors die and come back; the default of ten lost ones ends an application.
    "spark.deploy.maxExecutorRetries": "-1",
    ...runtime.settings,
  };
  return [
    `-Xmx${runtime.driverMb}m`,
    ...roomyHeap(runtime.driverMb),
    "-XX:TieredStopAtLevel=1",
    // The 48 MB that Java keeps for this level are full after some dozen queries: then code is thrown away and compiled anew.
    "-XX:ReservedCodeCacheSize=240m",
    "-XX:+ExitOnOutOfMemoryError",
    ...Object.entries(settings).map(([key, value]) => `-D${key}=${value}`),
    "org.apache.spark.sql.connect.service.SparkConnectServer",
  ];
}
