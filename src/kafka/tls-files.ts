import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { systemClock } from "../core/clock.ts";
import { tlsFileUnusable } from "./connection-errors.ts";
import type { TlsFiles } from "./options.ts";

/**
 * Reads what the settings name.
 * @throws ClickstreamError TLS_FILE_UNUSABLE
 */
export async function readTlsFiles(files: TlsFiles): Promise<{ secureContext: SecureContext }> {
  const ca = await readPem("--tls-ca", files.ca, "CERTIFICATE");
  const cert = await readPem("--tls-cert", files.cert, "CERTIFICATE");
  const key = await readPem("--tls-key", files.key, "PRIVATE KEY");
  if (cert !== undefined) refuseExpired(files.cert!, cert);
  const isEncrypted = key !== undefined && /ENCRYPTED/.test(key);
  if (isEncrypted)
    throw tlsFileUnusable("--tls-key", files.key!, "is encrypted, and nothing says how to open it");
  const content = Object.entries({ ca, cert, key }).filter(([, pem]) => pem !== undefined);
  try {
    return { secureContext: createSecureContext({ ...Object.fromEntries(content), minVersion: "TLSv1.2" }) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH") {
      throw tlsFileUnusable("--tls-key", files.key!, `is not the key of the certificate ${files.cert}`);
    }
    throw tlsFileUnusable(
      "--tls-ca, --tls-cert or --tls-key",
      Object.values(files).join(", "),
      `can't be used (${code})`,
    );
  }
}

/** The broker would only say that it does not like the certificate. */
function refuseExpired(path: string, pem: string): void {
  const { validToDate } = certificateIn(path, pem);
  if (validToDate.getTime() > systemClock.nowMs()) return;
  throw tlsFileUnusable(
    "--tls-cert",
    path,
    `holds a certificate that expired on ${validToDate.toISOString()}`,
  );
}

function certificateIn(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw tlsFileUnusable("--tls-cert", path, `holds a certificate that can't be read (${code})`);
  }
}

async function readPem(flag: string, path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const pem = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw tlsFileUnusable(flag, path, `can't be read (${error.code})`);
  });
  if (new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(pem)) return pem;
  throw tlsFileUnusable(flag, path, `holds no ${what.toLowerCase()} in PEM form`);
}
