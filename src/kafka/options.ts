/** Which Kafka, and under which name it knows this program. */
export interface KafkaOptions {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: readonly string[];
  /** Shown in the brokers' logs and quotas. */
  clientId: string;
}
