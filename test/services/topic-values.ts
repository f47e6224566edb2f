import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";

/** Creates a topic, of one partition unless told otherwise, on every broker of the cluster, at most three. */
export async function createTopic(brokers: readonly string[], topic: string, partitions = 1): Promise<void> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [...brokers] });
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: Math.min(3, brokers.length) });
  } finally {
    await admin.close();
  }
}

/** A topic's setting, the brokers' default included. */
export async function topicSetting(
  brokers: readonly string[],
  topic: string,
  name: string,
): Promise<string | null | undefined> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [...brokers] });
  try {
    const [resource] = await admin.describeConfigs({
      resources: [
        { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [name] },
      ],
    });
    return resource?.configs[0]?.value;
  } finally {
    await admin.close();
  }
}

/** Appends values with acks=all. */
export async function appendValues(
  brokers: readonly string[],
  topic: string,
  values: readonly string[],
): Promise<void> {
  const producer = new Producer({
    clientId: "test",
    bootstrapBrokers: [...brokers],
    serializers: stringSerializers,
    retries: 30,
    retryDelay: 200,
  });
  try {
    await producer.send({ messages: values.map((value) => ({ topic, value })), acks: ProduceAcks.ALL });
  } finally {
    await producer.close();
  }
}

/** The first `count` values of a topic; waits for them. */
export async function readValues(
  brokers: readonly string[],
  topic: string,
  count: number,
): Promise<string[]> {
  const consumer = new Consumer({
    clientId: "test",
    groupId: `test-${topic}-${count}`,
    bootstrapBrokers: [...brokers],
    deserializers: stringDeserializers,
    retries: 30,
    retryDelay: 200,
  });
  const values: string[] = [];
  const stream = await consumer.consume({
    topics: [topic],
    mode: "earliest",
    autocommit: false,
    maxWaitTime: 100,
  });
  for await (const message of stream) if (values.push(message.value) === count) break;
  await consumer.close(true);
  return values;
}
