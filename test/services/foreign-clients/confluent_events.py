"""Real events through Confluent's client.

confluent_events.py produce BROKERS: fills one topic for each thing that producers do, and prints as JSON what it sent:
by topic, how many records of how many events can be seen, and how many of the rest have no value or no timestamp.
confluent_events.py count BROKERS TOPIC...: prints as JSON how many records a consumer of committed records sees.
"""

import json
import os
import sys
import time
import uuid

from confluent_kafka import Consumer, KafkaError, OFFSET_BEGINNING, Producer, TopicPartition

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
START_MS = int(time.time() * 1000) - 60_000
URLS = ["/", "/checkout", "/größe/größer", "/商品/1", "/\U0001f6d2/cart", 'https://shop.example/?q="a"\\b&c=d', "/a\tb"]
BROKERS = sys.argv[2]


def event(n):
    seconds, ms = divmod(START_MS + n, 1000)
    return {
        "event_id": str(uuid.UUID(int=n)),
        "user_id": f"user-{n % 53}",
        "session_id": str(uuid.UUID(int=n % 211)),
        "url": URLS[n % len(URLS)],
        "action": ["click", "view", "scroll", "hover"][n % 4],
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{ms:03d}000+00:00",
        "device_type": ["mobile", "desktop", "tablet"][n % 3],
        "browser": "Chrome",
    }


def producer(**settings):
    names = {name.replace("_", "."): value for name, value in settings.items()}
    return Producer({"bootstrap.servers": BROKERS, "acks": "all", "linger.ms": 20, **names})


def send(client, topic, values, **record):
    """Sends and waits for every acknowledgement."""
    failures = []

    def delivered(error, _):
        if error is not None:
            failures.append(error)

    for value in values:
        while True:
            try:
                client.produce(topic, value, on_delivery=delivered, **record)
                break
            except BufferError:
                client.poll(0.1)
        client.poll(0)
    client.flush()
    if failures:
        raise RuntimeError(f"{topic}: {failures[0]}")


def dumps(count, start=0):
    return [json.dumps(event(n)).encode() for n in range(start, start + count)]


def codecs():
    """Every codec, keys and no keys, no values, headers, batches of more than two megabytes."""
    headers = [("trace", b"\x00\xff"), ("trace", b"again"), ("", b""), ("none", None)]
    for number, codec in enumerate(CODECS):
        client = producer(
            compression_type=codec,
            enable_idempotence=number % 2 == 0,
            linger_ms=5_000,
            batch_size=4_000_000,
            batch_num_messages=100_000,
            message_max_bytes=5_000_000,
        )
        send(client, "confluent-codecs", dumps(8_000))
        small = producer(compression_type=codec, batch_num_messages=50)
        for n, value in enumerate(dumps(1_000)):
            small.produce("confluent-codecs", value, key=f"user-{n % 53}", headers=headers)
        send(small, "confluent-codecs", [None] * 20, key=b"gone", headers=headers)
    return {"visible": 9_020 * len(CODECS), "events": 9_000 * len(CODECS), "not_json": 20 * len(CODECS)}


def transactions():
    """Two producers whose transactions interleave and end either way, the last of them never."""
    topic = "confluent-transactions"
    clients = []
    for name, codec in [("a", "lz4"), ("b", "none")]:
        client = producer(
            transactional_id=name, transaction_timeout_ms=600_000, compression_type=codec, batch_size=500_000
        )
        client.init_transactions()
        clients.append(client)
    first, second = clients
    visible = 0

    def transaction(client, count, commit):
        client.begin_transaction()
        send(client, topic, dumps(count))
        client.commit_transaction() if commit else client.abort_transaction()
        return count if commit else 0

    for count, commit in [(300, True), (200, False), (1, False), (150, False), (400, True), (100, False), (5, True)]:
        visible += transaction(first, count, commit)
    for commits in [(True, False), (False, True), (False, False), (True, True)]:
        for client in clients:
            client.begin_transaction()
        for _ in range(5):
            for client in clients:
                send(client, topic, dumps(20))
        for client, commit in zip(clients, commits):
            client.commit_transaction() if commit else client.abort_transaction()
            visible += 100 if commit else 0
            send(producer(), topic, dumps(10))
            visible += 10
    # Longer than any fetch, so that its marker is in another one.
    visible += transaction(second, 18_000, False)
    visible += transaction(first, 50, True)
    first.begin_transaction()
    send(first, topic, dumps(70))
    send(producer(), topic, dumps(30))
    return {"visible": visible, "events": visible}


def compacted():
    """Most records of a key are followed by a newer one; some keys are deleted."""
    client = producer(batch_num_messages=100)
    for n, value in enumerate(dumps(8_000)):
        client.produce("confluent-compacted", value, key=f"key-{n % 400 if n % 10 else n}")
        client.poll(0)
    send(client, "confluent-compacted", [None] * 1, key="key-1")
    return {"sent": 8_001}


def log_append_time():
    """What the producer says of the time is of 1970 and must not matter."""
    send(producer(), "confluent-append-time", dumps(500), timestamp=1_000)
    return {"visible": 500, "events": 500}


def timeless():
    """Some records have no timestamp."""
    client = producer()
    for n, value in enumerate(dumps(500)):
        client.produce("confluent-timeless", value, timestamp=-1 if n % 10 == 3 else 0)
    send(client, "confluent-timeless", [])
    return {"visible": 500, "events": 450, "no_record_time": 50}


def layouts():
    """As many ways to write an event down as there are habits."""

    def nested(fields):
        fake = {"user_id": "nobody", "timestamp": 1, "url": ['}"', {"action": "view", "deep": [[], {}]}]}
        return json.dumps({"context": fake, **fields, "items": [fake, 1.5e3, None, True]})

    def repeated(fields):
        return '{"user_id": "wrong", "action": 7, "timestamp": null, ' + json.dumps(fields)[1:]

    def milliseconds(fields):
        return json.dumps({**fields, "timestamp": START_MS, "é": "€"}, ensure_ascii=False)

    styles = [
        json.dumps,
        nested,
        repeated,
        milliseconds,
        lambda fields: json.dumps(fields, ensure_ascii=False),
        lambda fields: json.dumps(fields, indent=2),
        lambda fields: json.dumps(fields, indent="\t", sort_keys=True).replace("\n", "\r\n"),
        lambda fields: json.dumps(dict(reversed(list(fields.items()))), separators=(",", ":")),
        lambda fields: " \r\n" + json.dumps(fields, separators=(" , ", " : ")) + "\n",
        lambda fields: json.dumps(fields).replace("/", "\\/"),
    ]
    client = producer(compression_type="zstd")
    steady = [style(event(n)).encode() for style in styles for n in range(300)]
    mixed = [styles[n % len(styles)](event(n)).encode() for n in range(3_000)]
    send(client, "confluent-layouts", steady + mixed)
    return {"visible": 6_000, "events": 6_000}


def produce():
    sent = {
        "confluent-codecs": codecs(),
        "confluent-transactions": transactions(),
        "confluent-compacted": compacted(),
        "confluent-append-time": log_append_time(),
        "confluent-timeless": timeless(),
        "confluent-layouts": layouts(),
    }
    print(json.dumps(sent), flush=True)
    os._exit(0)  # an orderly end would abort the open transaction


def count(topic):
    """Committed records that the client's consumer sees before it meets the end of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": BROKERS,
            "group.id": "count",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    records = 0
    ends = 0
    while ends < len(partitions):
        for message in consumer.consume(10_000, 0.1):
            if message.error() is None:
                records += 1
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ends += 1
            else:
                raise RuntimeError(message.error())
    consumer.close()
    return records


if sys.argv[1] == "produce":
    produce()
else:
    print(json.dumps({topic: count(topic) for topic in sys.argv[3:]}))
