import { monotonicMs } from "../base/clock.js";
import { ask, NoAnswer } from "./ask.js";

/** @import { Final, Pipeline, Provisional } from "../../api.ts" */

/** Without any event for so long the server is asked whether it lives: a laptop that slept has dead connections. */
const QUIET_MS = 20_000;
const LOOK_EVERY_MS = 2_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/**
 * How the connection is:
 * - connecting: nothing has come yet
 * - open
 * - lost: it was open; another is tried for
 * - refused: the server answers, but not with a stream; tried again too
 * @typedef {{ phase: "connecting" | "open" | "lost" | "refused", sinceMs: number, detail: string }} Connection
 */

/**
 * @typedef {object} Listener
 * @property {(pipeline: Pipeline) => void} pipeline
 * @property {(provisional: Provisional) => void} provisional
 * @property {(final: Final) => void} final
 * @property {(connection: Connection) => void} connection
 */

/**
 * Listens to /api/live for as long as the page lives; connects again, and again.
 * @param {Listener} listener
 */
export function listenLive(listener) {
  /** @type {EventSource | undefined} */
  let source;
  let heardAtMs = monotonicMs();
  let wasOpen = false;
  let retryMs = FIRST_RETRY_MS;

  /** @param {Connection["phase"]} phase @param {string} detail */
  const say = (phase, detail = "") => listener.connection({ phase, sinceMs: heardAtMs, detail });

  const open = () => {
    source?.close();
    const opened = new EventSource("/api/live");
    source = opened;
    opened.addEventListener("open", () => {
      heardAtMs = monotonicMs();
      wasOpen = true;
      retryMs = FIRST_RETRY_MS;
      say("open");
    });
    for (const name of /** @type {const} */ (["pipeline", "provisional", "final"])) {
      opened.addEventListener(name, ({ data }) => {
        heardAtMs = monotonicMs();
        listener[name](JSON.parse(data));
      });
    }
    const lose = () => {
      if (source === opened) void retry();
    };
    opened.addEventListener("bye", lose);
    opened.addEventListener("error", lose);
  };

  const retry = async () => {
    source?.close();
    source = undefined;
    say(wasOpen ? "lost" : "connecting");
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 1.6);
    const problem = await whyNot();
    if (problem === undefined) return open();
    if (problem.status > 0) say("refused", problem.message);
    return retry();
  };

  setInterval(async () => {
    if (source?.readyState !== EventSource.OPEN || monotonicMs() - heardAtMs < QUIET_MS) return;
    const asked = source;
    const problem = await whyNot();
    if (problem === undefined) heardAtMs = monotonicMs();
    else if (source === asked) void retry();
  }, LOOK_EVERY_MS);

  say("connecting");
  open();
}

/** An EventSource does not tell why it failed; another question does. */
async function whyNot() {
  try {
    await ask("/livez");
    return undefined;
  } catch (error) {
    return error instanceof NoAnswer ? error : new NoAnswer(String(error), "UNKNOWN", 0);
  }
}
