/** Settings of a session that the compiled SQL depends on, and those that the machine decides. */
export function sessionSettings({
  shufflePartitions,
  stateStore,
}: {
  shufflePartitions: number;
  stateStore: "rocksdb" | "hdfs";
}): Record<string, string> {
  const store = stateStore === "rocksdb" ? "RocksDBStateStoreProvider" : "HDFSBackedStateStoreProvider";
  return {
    // What texts, names and numbers mean.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
    "spark.sql.json.enablePartialResults": "false",
    "spark.sql.json.enableExactStringParsing": "true",
    "spark.sql.variant.allowDuplicateKeys": "true",
    // Else executors load classes for each streaming query anew, ask the driver for every name that Java's compiler looks
    // for, and share no compiled code among queries, runs and batches of different ones.
    "spark.sql.artifact.isolation.enabled": "false",
    "spark.sql.artifact.isolation.alwaysApplyClassloader": "false",
    // Larger methods are never compiled by Java's own compiler: then operators one by one are faster than all in one.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.sql.shuffle.partitions": String(shufflePartitions),
    "spark.sql.streaming.stateStore.providerClass": `org.apache.spark.sql.execution.streaming.state.${store}`,
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
  };
}
