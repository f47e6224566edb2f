/** @import { Problem } from "../../api.ts" */

const TIMEOUT_MS = 20_000;
/** What changes something is worth waiting for: it goes on when nobody waits. */
const CHANGE_TIMEOUT_MS = 120_000;

/** Why there is no answer, in words for people. */
export class NoAnswer extends Error {
  /** @param {string} message @param {string} code of the API's problem, or UNREACHABLE @param {number} status 0 without an answer */
  constructor(message, code, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * Asks the API.
 * @template T
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} [parameters] those that are null, undefined or "" are left out
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws {NoAnswer} or, when `signal` was aborted, its reason
 */
export async function ask(path, parameters = {}, signal) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  return answerOf(`${path}${query.size === 0 ? "" : `?${query}`}`, {}, TIMEOUT_MS, signal);
}

/**
 * Asks the API to change something.
 * @template T
 * @param {string} path
 * @param {object} body
 * @returns {Promise<T>}
 * @throws {NoAnswer}
 */
export function change(path, body) {
  const headers = { "content-type": "application/json", "x-requested-by": "clickstream" };
  return answerOf(path, { method: "POST", headers, body: JSON.stringify(body) }, CHANGE_TIMEOUT_MS);
}

/** @param {string} url @param {RequestInit} request @param {number} timeoutMs @param {AbortSignal} [signal] */
async function answerOf(url, request, timeoutMs, signal) {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signals = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(url, { ...request, signal: signals });
    if (!response.ok) throw await noAnswerOf(response);
    return await response.json();
  } catch (error) {
    if (error instanceof NoAnswer || signal?.aborted) throw error;
    const message = timeout.aborted ? "The server took too long to answer." : "The server can't be reached.";
    throw new NoAnswer(message, "UNREACHABLE", 0);
  }
}

/** @param {Response} response */
async function noAnswerOf(response) {
  /** @type {Partial<Problem>} */
  const { title, detail, code = "UNKNOWN" } = await response.json().catch(() => ({}));
  const text = detail ?? title ?? `The server answered with ${response.status}.`;
  return new NoAnswer(text, code, response.status);
}
