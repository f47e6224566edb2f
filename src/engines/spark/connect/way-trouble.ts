import { Code, type ConnectError } from "@connectrpc/connect";

/** What stands in the way to a server, and stays until somebody changes the address or a certificate. */
export interface WayTrouble {
  code: "SPARK_UNTRUSTED" | "SPARK_OTHER_PROTOCOL";
  /** Ends a sentence that begins with the server. */
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
  if (reason === "ERR_SSL_WRONG_VERSION_NUMBER" || reason === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return {
      code: "SPARK_OTHER_PROTOCOL",
      said: "does not answer in TLS",
      nextStep: "Check the port, or leave use_ssl=true out of the address (a token wants TLS).",
    };
  }
  // Frames that are none: HTTP/1, or TLS behind an address without.
  if (reason === "ERR_HTTP2_ERROR") {
    return {
      code: "SPARK_OTHER_PROTOCOL",
      said: "does not answer as a Spark Connect server does",
      nextStep:
        "Check the port (usually 15002; not the master's, nor that of a page), and add use_ssl=true where the server speaks TLS.",
    };
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
