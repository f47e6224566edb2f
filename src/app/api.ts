// What `import … from "clickstream"` gives a config file.
export { count, countDistinct, countWhere, maxTime, minTime, query, timeSpan } from "../queries/query.ts";
export { type ClickstreamConfig, defineConfig } from "./config/define-config.ts";
