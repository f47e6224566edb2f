import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate and its key, as PEM files. */
export interface Certificate {
  cert: string;
  key: string;
  /** Key and certificate in one file, as Kafka wants them. */
  both: string;
}

/** An authority of a test's own, in a folder. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  #serial = 1;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  static async create(folder: string, name: string): Promise<Authority> {
    const authority = new Authority(folder, name);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    await openssl(folder, "req", "-x509", ...key, ...files, "-days", "2", "-subj", `/CN=${name}`);
    return authority;
  }

  /** PEM file of the authority. */
  get path(): string {
    return join(this.#folder, `${this.#name}.pem`);
  }

  /** @param names as in `DNS:localhost,IP:127.0.0.1` */
  async sign(subject: string, names: string, days = 2): Promise<Certificate> {
    const file = (ending: string) => join(this.#folder, `${subject}.${ending}`);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const request = ["-keyout", file("key"), "-out", file("csr"), "-subj", `/CN=${subject}`];
    await openssl(this.#folder, "req", ...key, ...request);
    await writeFile(file("ext"), `subjectAltName=${names}\n`);
    const signer = ["-CA", this.path, "-CAkey", `${this.#name}.key`, "-set_serial", `${++this.#serial}`];
    const signed = ["-in", file("csr"), "-out", file("pem"), "-days", `${days}`, "-extfile", file("ext")];
    await openssl(this.#folder, "x509", "-req", ...signer, ...signed);
    const parts = [await readFile(file("key"), "utf8"), await readFile(file("pem"), "utf8")];
    await writeFile(file("both"), parts.join(""));
    return { cert: file("pem"), key: file("key"), both: file("both") };
  }
}

function openssl(folder: string, ...args: string[]): Promise<unknown> {
  return run("openssl", args, { cwd: folder });
}
