/** @import { State } from "../model/state.js" */
import { monotonicMs } from "../base/clock.js";
import { NoAnswer } from "../net/ask.js";
import { panel } from "./panel.js";

/** New windows become final many times a second while history is read: nobody needs to see each. */
const ASK_EVERY_MS = 2_000;
/** A question that takes long is asked less often, so that the page never takes more than a tenth of the server's time. */
const REST = 10;
const RETRY_MS = 5_000;

/**
 * What a panel asks: `identity` says what was chosen, `through` how fresh it is. A string says why there is nothing to ask.
 * @template Q
 * @typedef {{ identity: string, through: number | null, asked: Q } | string} Question
 */

/** `empty` says why there is nothing to see. @typedef {{ empty?: string, lead?: string }} Painted */

/**
 * A panel whose content is asked of the API, and asked again when more is final or something else is chosen.
 * @template Q, A
 * @param {Parameters<typeof panel>[0]} look
 * @param {object} how
 * @param {Node[]} how.content
 * @param {(state: State) => Question<Q>} how.question
 * @param {(asked: Q, signal: AbortSignal) => Promise<A>} how.ask
 * @param {(answer: A, asked: Q, state: State) => Painted} how.paint
 * @param {() => void} repaint
 */
export function historyPanel(look, { content, question, ask, paint }, repaint) {
  const shell = panel(look, ...content);
  /** @type {{ identity: string, through: number | null, asked: Q } | undefined} */
  let current;
  /** @type {{ identity: string, asked: Q, value: A } | undefined} */
  let answer;
  /** @type {string | undefined} */
  let failure;
  let notBeforeMs = 0;
  let running = new AbortController();
  let busy = false;

  /** @param {NonNullable<typeof current>} next */
  const start = async (next) => {
    running.abort();
    const own = new AbortController();
    running = own;
    current = next;
    busy = true;
    const startedAtMs = monotonicMs();
    try {
      const value = await ask(next.asked, own.signal);
      if (own.signal.aborted) return;
      answer = { identity: next.identity, asked: next.asked, value };
      failure = undefined;
      notBeforeMs = monotonicMs() + Math.max(ASK_EVERY_MS, REST * (monotonicMs() - startedAtMs));
    } catch (error) {
      if (own.signal.aborted) return;
      failure = error instanceof NoAnswer ? error.message : `The page failed: ${error}`;
      current = undefined;
      notBeforeMs = monotonicMs() + RETRY_MS;
    }
    busy = false;
    repaint();
  };

  return {
    node: shell.node,
    /** @param {State} state */
    paint(state) {
      if (state.queries === null) return shell.instead("loading", "Asking…");
      const next = question(state);
      if (typeof next === "string") return shell.instead("empty", next);
      const isOther = current !== undefined && current.identity !== next.identity;
      const isDue = current?.through !== next.through && monotonicMs() >= notBeforeMs && !busy;
      if (isOther || isDue) void start(next);

      if (answer?.identity === next.identity) {
        shell.content(); // first: what is hidden has no width to be drawn in
        const { empty, lead } = paint(answer.value, answer.asked, state);
        if (lead !== undefined) shell.lead(lead);
        if (empty !== undefined) shell.instead("empty", empty);
      } else if (failure !== undefined && !busy) {
        shell.instead("error", failure, { label: "Try again", act: () => void start(next) });
      } else if (answer === undefined) {
        shell.instead("loading", "Asking…");
      } else {
        shell.content(true);
      }
    },
  };
}
