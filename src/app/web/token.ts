import { readFile } from "node:fs/promises";
import { ClickstreamError } from "../../core/errors.ts";
import { sourceOf, variableOf } from "../config/settings.ts";
import type { Context } from "../context.ts";

const MIN_LENGTH = 16;

/**
 * The token that requests need; undefined when none is set.
 * @throws ClickstreamError TOKEN_UNUSABLE
 */
export async function httpToken({
  config,
  environment,
}: Pick<Context, "config" | "environment">): Promise<string | undefined> {
  const { httpToken: given, httpTokenFile: file } = config.settings;
  if (given === undefined && file === undefined) return undefined;
  const where = file === undefined ? variableOf("httpToken") : `${sourceOf("httpTokenFile")} ${file}`;
  const token = file === undefined ? environment[variableOf("httpToken")] : await textOf(file, where);
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token) || token.length < MIN_LENGTH) {
    throw unusable(`${where} must hold ${MIN_LENGTH} characters at least, letters, digits and signs alone`);
  }
  return token;
}

async function textOf(file: string, where: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    throw unusable(`${where} can't be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

function unusable(what: string): ClickstreamError {
  return new ClickstreamError({
    code: "TOKEN_UNUSABLE",
    message: `${what}.`,
    nextStep: "Make one, for example with: openssl rand -hex 32",
  });
}
