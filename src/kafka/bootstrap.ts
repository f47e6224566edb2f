import { ClickstreamError, UsageError } from "../core/errors.ts";
import { BrokerConnection, unreachable } from "./connection.ts";
import { isFinal } from "./final-errors.ts";
import type { KafkaOptions } from "./options.ts";

/**
 * A connection to the first of the given brokers that accepts one.
 * @throws ClickstreamError KAFKA_UNREACHABLE naming all addresses; UsageError for what is not an address
 */
export async function connectToAny(kafka: KafkaOptions): Promise<BrokerConnection> {
  const { brokers, clientId, security } = kafka;
  let failure: unknown;
  for (const address of brokers.map(parseAddress)) {
    try {
      return await BrokerConnection.connect({ ...address, clientId, security });
    } catch (error) {
      failure = error;
      if (isFinal(error)) break; // the same password everywhere: trying on could lock the user out
    }
  }
  if (failure instanceof ClickstreamError && failure.code !== "KAFKA_UNREACHABLE") throw failure;
  const reason = failure instanceof Error ? (failure.cause ?? failure) : new Error("no address is given");
  throw unreachable(brokers.join(", "), reason);
}

/** The named brokers and those that lead partitions: any of them knows where the others are. */
export function withLeaders(
  kafka: KafkaOptions,
  topic: { partitions: readonly { leader: { host: string; port: number } }[] },
): KafkaOptions {
  const leaders = topic.partitions.map(({ leader: { host, port } }) =>
    host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
  );
  return { ...kafka, brokers: [...new Set([...kafka.brokers, ...leaders])] };
}

function parseAddress(address: string): { host: string; port: number } {
  const [, host, port] = /^\[?([^\s/]+?)\]?:(\d{1,5})$/.exec(address.trim()) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(
      `${JSON.stringify(address)} is not the address of a broker.`,
      "Write it as host:port.",
    );
  }
  return { host, port: Number(port) };
}
