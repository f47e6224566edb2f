import { fileURLToPath } from "node:url";

/** A program that is started here from jars. */
export interface Software {
  name: "Kafka" | "Spark";
  /** Path of the Maven project whose runtime dependencies are its jars. */
  pom: string;
  /** Its jars, the usual number and size: for progress only. */
  files: number;
  megabytes: number;
  /** The setting that names one that runs elsewhere. */
  ownInstead: string;
}

export const KAFKA: Software = {
  name: "Kafka",
  pom: fileURLToPath(new URL("pom.xml", import.meta.url)),
  files: 45,
  megabytes: 43,
  ownInstead: "--brokers",
};

export const SPARK: Software = {
  name: "Spark",
  pom: fileURLToPath(new URL("spark/pom.xml", import.meta.url)),
  files: 180,
  megabytes: 302,
  ownInstead: "--spark",
};
