/** The error codes of Kafka's protocol that reading and administration treat one by one. */
export const ErrorCode = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  topicAuthorizationFailed: 29,
  topicAlreadyExists: 36,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
} as const;
