import { z } from "zod";
import type { Kind } from "./kinds.ts";

/** Parameters that anybody may read; all others are a token, or headers, which may hold one. */
const PUBLIC = new Set(["use_ssl", "user_id", "session_id", "user_agent", "grpc_max_message_size"]);

/**
 * Address of a Spark Connect server; `checkSettings` reads it, because what may be secret in it is never shown, not even in
 * a refusal.
 */
export const sparkAddress: Kind<string, string> = {
  schema: z.string().trim(),
  hint: "an address like sc://host:15002 or sc://host:443/;use_ssl=true;token=…",
  placeholder: "sc://host:port",
  format: (value) =>
    value.replaceAll(/;([^;=]*=)?[^;]*/g, (parameter, name = "") =>
      PUBLIC.has(name.slice(0, -1)) ? parameter : `;${name}…`,
    ),
};
