import { Code, type ConnectError } from "@connectrpc/connect";
import { GreetingError, type Misgreeting } from "./greeting.ts";

/** What stands in the way to a server, and mostly stays until somebody changes the address or a certificate. */
export interface WayTrouble {
  code: "SPARK_UNTRUSTED" | "SPARK_OTHER_PROTOCOL" | "SPARK_UNREACHABLE";
  /** Ends a sentence that begins with what listens there. */
  said: string;
  nextStep: string;
}

const AUTHORITY_STEP =
  "Set NODE_EXTRA_CA_CERTS to the PEM file of the authority that signed it, for a program: the option ca.";
const STRANGE_AUTHORITY = ["is signed by an authority that is not trusted", AUTHORITY_STEP] as const;

/** Why a certificate is refused, by the codes of OpenSSL. */
const REFUSALS: Readonly<Record<string, readonly [reason: string, nextStep: string]>> = {
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: STRANGE_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: STRANGE_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: STRANGE_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: STRANGE_AUTHORITY,
  CERT_SIGNATURE_FAILURE: STRANGE_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: ["is signed by itself and not trusted", AUTHORITY_STEP],
  CERT_HAS_EXPIRED: ["has expired", "Renew the certificate at the server."],
  CERT_NOT_YET_VALID: ["is not valid yet", "Compare the clocks of both machines."],
  CERT_REVOKED: ["was revoked", "Renew the certificate at the server."],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "is for other host names",
    "Use a name of the certificate in the address, or renew the certificate with this one.",
  ],
};

const NO_TLS = new Set(["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG"]);
const PORT_STEP =
  "Check the port: a Connect server usually has 15002; 4040, 8080 and 8081 are Spark's pages, 7077 is its master.";

/** What is told of a port that does not greet as HTTP/2 does. */
const MISGREETINGS: Readonly<Record<Misgreeting, WayTrouble>> = {
  http1: {
    code: "SPARK_OTHER_PROTOCOL",
    said: "speaks HTTP/1, as pages do, and not Spark Connect",
    nextStep: PORT_STEP,
  },
  tls: {
    code: "SPARK_OTHER_PROTOCOL",
    said: "speaks TLS",
    nextStep: "Add use_ssl=true to the address: sc://host:port/;use_ssl=true.",
  },
  other: {
    code: "SPARK_OTHER_PROTOCOL",
    said: "answers in another protocol than Spark Connect",
    nextStep: PORT_STEP,
  },
  closed: {
    code: "SPARK_UNREACHABLE",
    said: "takes connections and closes them at once",
    nextStep: `${PORT_STEP} Where the server speaks TLS, add use_ssl=true; where a proxy is in front of it, look whether the server runs.`,
  },
  silent: {
    code: "SPARK_UNREACHABLE",
    said: "takes connections and stays silent",
    nextStep: `${PORT_STEP} If it is a Connect server, it hangs: look at its log and its memory.`,
  },
  unconnected: {
    code: "SPARK_UNREACHABLE",
    said: "does not answer: no connection came about",
    nextStep: "Check host and port, and whether a firewall lets this machine reach them.",
  },
};

/** Undefined for errors that may pass. */
export function wayTrouble(error: ConnectError): WayTrouble | undefined {
  const reason = codeOf(error);
  const refusal = REFUSALS[reason];
  if (refusal !== undefined) {
    return {
      code: "SPARK_UNTRUSTED",
      said: `has a certificate that ${refusal[0]}`,
      nextStep: refusal[1],
    };
  }
  const { cause } = error;
  if (cause instanceof GreetingError) {
    const { code, said, nextStep } = MISGREETINGS[cause.kind];
    return {
      code,
      said: cause.kind === "other" ? `${said} (${JSON.stringify(cause.begins)} …)` : said,
      nextStep,
    };
  }
  if (NO_TLS.has(reason)) {
    return {
      code: "SPARK_OTHER_PROTOCOL",
      said: "does not answer in TLS",
      nextStep: "Check the port, or leave use_ssl=true out of the address (a token wants TLS).",
    };
  }
  if (reason === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL") {
    return { code: "SPARK_OTHER_PROTOCOL", said: "speaks TLS, but not HTTP/2 in it", nextStep: PORT_STEP };
  }
  // Frames that are none, after a greeting.
  if (reason === "ERR_HTTP2_ERROR") {
    return { code: "SPARK_OTHER_PROTOCOL", said: "breaks the rules of HTTP/2", nextStep: PORT_STEP };
  }
  // A server that is none answers HTTP/2, but knows no such path.
  if (error.code === Code.Unimplemented) {
    return {
      code: "SPARK_OTHER_PROTOCOL",
      said: "speaks HTTP/2 but knows nothing of Spark Connect",
      nextStep: "Check host and port, and where a proxy in between sends requests.",
    };
  }
  return undefined;
}

function codeOf(error: ConnectError): string {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code ?? "";
}
