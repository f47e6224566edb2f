import { z } from "zod";
import type { Kind } from "./kinds.ts";

/** Address of a Spark Connect server. It may hold a token, which is never shown. */
export const sparkAddress: Kind<string, string> = {
  schema: z
    .string()
    .trim()
    .regex(/^sc:\/\/[^/;]+/),
  hint: "an address like sc://host:15002 or sc://host:443/;use_ssl=true;token=…",
  placeholder: "sc://host:port",
  format: (value) => value.replace(/(;token=)[^;]*/gi, "$1…"),
};
