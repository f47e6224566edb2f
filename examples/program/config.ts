// The same query on the command line: npx clickstream run --config config.ts
import { defineConfig } from "clickstream";
import { config } from "./funnel.ts";

export default defineConfig({ ...config, events: 100_000, exit: true });
