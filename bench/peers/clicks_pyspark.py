"""The standard queries as a classic PySpark program: what one would write without clickstream.

Same topic, verdicts, rows, dead letters, state store and shuffle partitions. Events are judged in Python, because Spark's own
parsers turn numbers into texts and so take events that clickstream refuses. As in Spark's guides, there is one stream of events,
and each query that is started on it reads Kafka by itself.

clicks_pyspark.py BROKERS TOPIC OUTPUT JARS RUNS: prints a line of JSON for each run. Starting Spark is not counted.
"""

import json
import re
import sys
import time
from datetime import datetime, timedelta, timezone

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

TEXT_FIELDS = ["event_id", "user_id", "session_id", "url", "action", "timestamp", "device_type", "browser"]
KEPT_FIELDS = ["user_id", "session_id", "url", "action", "device_type", "browser"]
ACTIONS = {"click", "view", "scroll", "hover"}
DEVICE_TYPES = {"mobile", "desktop", "tablet"}
MAX_EVENT_BYTES = 1_048_576
MAX_AHEAD_MS = 60_000
TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-](\d{2}):(\d{2}))", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
END_MS = 253_402_300_800_000  # of the year 9999
JUDGED = "reason string, time timestamp, key binary, value binary, partition int, offset long, record_ms long, " + ", ".join(
    f"{field} string" for field in KEPT_FIELDS
)


def refuse(constant):
    raise ValueError(constant)


def time_ms(value):
    """Event time in ms, None when it is none."""
    if isinstance(value, str):
        found = TIME.fullmatch(value)
        if found is None or (found[3] and int(found[3]) * 60 + int(found[4]) > 18 * 60):
            return None
        try:
            ms = (datetime.fromisoformat(value.upper()) - EPOCH) // MILLISECOND
        except (ValueError, OverflowError):
            return None
    elif value == value // 1:
        ms = int(value)
    else:
        return None
    return ms if 0 <= ms < END_MS else None


def judge(value, record_ms):
    """A reason and None, or None and the event with its time in ms."""
    if value is None:
        return "not_json", None
    if len(value) > MAX_EVENT_BYTES:
        return "too_large", None
    try:
        text = value.decode("utf-8")
        event = json.loads(text, parse_constant=refuse)
        if "\\u" in text and isinstance(event, dict):
            "".join(v for v in map(event.get, TEXT_FIELDS) if isinstance(v, str)).encode("utf-8")
    except (ValueError, RecursionError):
        return "not_json", None
    if not isinstance(event, dict):
        return "not_an_object", None
    for field in TEXT_FIELDS:
        content = event.get(field, refuse)
        if type(content) is str:
            if content == "":
                return f"empty_field:{field}", None
        elif content is refuse:
            return f"missing_field:{field}", None
        elif field != "timestamp" or type(content) not in (int, float):
            return f"wrong_type:{field}", None
    ms = time_ms(event["timestamp"])
    if ms is None:
        return "bad_timestamp", None
    if event["action"] not in ACTIONS:
        return "unknown_action", None
    if event["device_type"] not in DEVICE_TYPES:
        return "unknown_device_type", None
    if ms > record_ms + MAX_AHEAD_MS:
        return "from_the_future", None
    event["ms"] = ms
    return None, event


def judge_batches(batches):
    text, binary, long = pa.string(), pa.binary(), pa.int64()
    for batch in batches:
        key, value, partition, offset, record_ms = (batch.column(index).to_pylist() for index in range(5))
        reasons, events = zip(*map(judge, value, record_ms)) if value else ((), ())
        dead = [reason is not None for reason in reasons]
        kept = lambda column: [v if is_dead else None for v, is_dead in zip(column, dead)]
        times = [None if event is None else event["ms"] * 1000 for event in events]
        columns = [
            pa.array(reasons, text),
            pa.array(times, long).cast(pa.timestamp("us", tz="UTC")),
            pa.array(kept(key), binary),
            pa.array(kept(value), binary),
            pa.array(partition, pa.int32()),
            pa.array(offset, long),
            pa.array(record_ms, long),
            *(pa.array([None if event is None else event[field] for event in events], text) for field in KEPT_FIELDS),
        ]
        names = ["reason", "time", "key", "value", "partition", "offset", "record_ms", *KEPT_FIELDS]
        yield pa.RecordBatch.from_arrays(columns, names=names)


def actions():
    return [F.count_if(F.col("action") == action).alias(f"{action}s") for action in ("click", "view", "scroll", "hover")]


def distinct(field, name):
    return F.size(F.collect_set(field)).alias(name)


def distinct_of_sets(sets, name):
    return F.size(F.array_distinct(F.flatten(F.collect_list(sets)))).alias(name)


def iso(time_column):
    return F.date_format(time_column, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")


def standard_queries(events):
    window = F.window("time", "5 minutes", "1 minute")
    counted = F.count("*").alias("events")
    times = [F.min("time").alias("first"), F.max("time").alias("last")]
    span_ms = F.unix_millis("last") - F.unix_millis("first")
    users, sessions = distinct("user_id", "users"), distinct("session_id", "sessions")
    by_user = events.groupBy(window, "user_id", "session_id").agg(
        counted, *actions(), F.collect_set("url").alias("urls"), *times
    )
    by_session = events.groupBy(window, "session_id").agg(counted, F.collect_set("user_id").alias("users"), *times)
    summed = lambda name: F.sum(name).alias(name)
    return {
        "url_counts": events.groupBy(window, "url").agg(counted, users, *actions()),
        "device_counts": events.groupBy(window, "device_type").agg(counted, users, sessions),
        "browser_counts": events.groupBy(window, "device_type", "browser").agg(counted, users, sessions),
        "user_activity": by_user.groupBy("window", "user_id").agg(
            *map(summed, ["events", "clicks", "views", "scrolls", "hovers"]),
            distinct_of_sets("urls", "urls"),
            F.count("*").alias("sessions"),
            (F.sum(span_ms) / 1000).alias("session_seconds"),
            (F.max(span_ms) / 1000).alias("longest_session_seconds"),
            iso(F.min("first")).alias("first_seen"),
            iso(F.max("last")).alias("last_seen"),
        ),
        "window_totals": by_session.groupBy("window").agg(
            summed("events"),
            distinct_of_sets("users", "users"),
            F.count("*").alias("sessions"),
            (F.sum(span_ms) / 1000).alias("session_seconds"),
        ),
    }


def start_all(spark, brokers, topic, output):
    kafka = {"kafka.bootstrap.servers": brokers}
    records = (
        spark.readStream.format("kafka")
        .options(**kafka, subscribe=topic, startingOffsets="earliest")
        .option("kafka.isolation.level", "read_committed")
        .option("kafka.max.poll.records", "5000")
        .option("kafka.max.partition.fetch.bytes", "4194304")
        .load()
        .select("key", "value", "partition", "offset", F.unix_millis("timestamp"))
    )
    judged = records.mapInArrow(judge_batches, JUDGED)
    events = judged.where("reason IS NULL").withWatermark("time", "10 minutes")
    for name, rows in standard_queries(events).items():
        shown = rows.select(
            iso("window.start").alias("window_start"),
            iso("window.end").alias("window_end"),
            *(column for column in rows.columns if column != "window"),
            F.date_format("window.start", "yyyy-MM-dd").alias("date"),
        )
        writer = shown.writeStream.format("json").partitionBy("date").option("path", f"{output}/{name}")
        yield writer.option("checkpointLocation", f"{output}/checkpoints/{name}").trigger(availableNow=True).start()
    headers = {"reason": "reason", "topic": f"'{topic}'", "partition": "partition", "offset": "offset", "timestamp": "record_ms"}
    structs = [
        f"named_struct('key', 'clickstream.{name}', 'value', cast(cast({sql} AS string) AS binary))" for name, sql in headers.items()
    ]
    letters = judged.where("reason IS NOT NULL").selectExpr("key", "value", f"array({', '.join(structs)}) AS headers")
    writer = letters.writeStream.format("kafka").options(**kafka, topic=f"{topic}.dlq")
    yield writer.option("checkpointLocation", f"{output}/checkpoints/dead_letters").trigger(availableNow=True).start()


def main(brokers, topic, output, jars, runs):
    state = "spark.sql.streaming.stateStore"
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "5g")
        .config("spark.driver.extraClassPath", jars)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.codegen.cache.maxEntries", "2000")
        .config(f"{state}.providerClass", "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")
        .config(f"{state}.rocksdb.changelogCheckpointing.enabled", "true")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for run in range(1, int(runs) + 1):
        started = time.monotonic()
        for query in list(start_all(spark, brokers, topic, f"{output}-{run}")):
            query.awaitTermination()
        print(json.dumps({"run": run, "seconds": time.monotonic() - started}), flush=True)
    spark.stop()


main(*sys.argv[1:])
