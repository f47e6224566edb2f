import { CompressionTypes, Kafka, logLevel, type Message, Partitioners } from "kafkajs";
import type { Sent } from "./sent.ts";

/** Fills a topic by kafkajs: its two codecs, headers, missing keys and values, transactions of either end. */
export async function kafkajs(
  brokers: readonly string[],
  topic: string,
  values: readonly string[],
): Promise<Sent> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: "kafkajs", logLevel: logLevel.NOTHING });
  const createPartitioner = Partitioners.DefaultPartitioner;
  const plain = kafka.producer({ createPartitioner });
  await plain.connect();
  const messages: Message[] = values.map((value, n) => ({
    key: n % 3 === 0 ? null : `user-${n % 50}`,
    value: n % 40 === 9 ? null : value,
    headers: { trace: `${n}`, list: ["a", Buffer.from("b")] },
  }));
  const nulls = messages.filter(({ value }) => value === null).length;
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
    for (let from = 0; from < messages.length; from += 100) {
      await plain.send({ topic, compression, acks: -1, messages: messages.slice(from, from + 100) });
    }
  }
  await plain.disconnect();
  let inTransactions = 0;
  const transactional = kafka.producer({
    ...{ createPartitioner, transactionalId: "kafkajs", idempotent: true, maxInFlightRequests: 1 },
  });
  await transactional.connect();
  for (const commit of [true, false, false, true, false]) {
    const transaction = await transactional.transaction();
    await transaction.send({ topic, messages: values.map((value) => ({ value })) });
    if (commit) {
      await transaction.commit();
      inTransactions += values.length;
    } else {
      await transaction.abort();
    }
  }
  await transactional.disconnect();
  const visible = messages.length * 2 + inTransactions;
  return { visible, events: visible - nulls * 2, not_json: nulls * 2 };
}
