// Fetches Kafka's jars and prints their folder.
import { systemClock } from "../../src/core/clock.ts";
import { ensureJars } from "../../src/local/jars.ts";

process.stdout.write(await ensureJars({ environment: process.env, clock: systemClock }));
