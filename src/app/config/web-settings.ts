import { listenAddress, secret, text } from "./kinds.ts";
import { setting } from "./setting.ts";

const SERVING = ["run", "process", "serve"] as const;

/** Where the page, the API and the metrics are, and who may see them. */
export const WEB_SETTINGS = {
  http: setting(
    listenAddress,
    { host: "127.0.0.1", port: 8080 },
    {
      group: "Page and API",
      commands: SERVING,
      doc: "where the page, the API and the metrics listen: a port, host:port, or off",
      defaultFor: { process: "off" },
    },
  ),
  httpToken: setting(secret, undefined, {
    group: "Page and API",
    commands: SERVING,
    doc: "token that requests have to carry; needed to listen on other addresses than this machine's own",
    onlyVariable: true,
  }),
  httpTokenFile: setting(text("file"), undefined, {
    group: "Page and API",
    commands: SERVING,
    doc: "file that holds the token, and nothing else",
  }),
} as const;
