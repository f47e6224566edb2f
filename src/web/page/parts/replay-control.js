/** @import { Pipeline, Replay, ReplayPlan } from "../../api.ts" */
import { h, setAttribute, setText } from "../base/dom.js";
import { formatCount } from "../format/numbers.js";
import { askedReason, doneWords, planWords, whyNoReplay } from "../model/replay-words.js";
import { change, NoAnswer } from "../net/ask.js";

/** Replays dead letters in two steps: first it tells what would be done, then it is done. */
export function replayControl() {
  let reason = "";
  /** Goes up with each question and each other reason: what comes for an older one is dropped. */
  let turn = 0;
  /** @type {string | null} */
  let confirmation = null;

  const ask = h("button", {
    type: "button",
    class: "button",
    text: "Replay…",
    on: { click: () => void plan() },
  });
  const send = h("button", {
    type: "button",
    class: "button",
    hidden: true,
    on: { click: () => void replay() },
  });
  const cancel = h("button", {
    type: "button",
    class: "button",
    text: "Cancel",
    hidden: true,
    on: {
      click() {
        rest();
        say([]);
        ask.focus();
      },
    },
  });
  const said = h("div", { class: "quiet", role: "status" });
  const node = h("div", { class: "replay" }, h("div", { class: "buttons" }, ask, send, cancel), said);

  /** @param {readonly string[]} sentences */
  const say = (sentences) => said.replaceChildren(...sentences.map((text) => h("p", { text })));
  const rest = () => {
    turn++;
    confirmation = null;
    setAttribute(ask, "disabled", false);
    for (const button of [send, cancel]) setAttribute(button, "hidden", true);
  };

  /**
   * Asks, with the buttons off meanwhile; says why when there is no answer.
   * @template T
   * @param {string} path
   * @param {object} body
   * @param {string} meanwhile
   * @param {(answer: T) => void} use
   */
  const asked = async (path, body, meanwhile, use) => {
    rest();
    const own = turn;
    setAttribute(ask, "disabled", true);
    say([meanwhile]);
    try {
      const answer = /** @type {T} */ (await change(path, body));
      if (own !== turn) return;
      rest();
      use(answer);
    } catch (error) {
      if (own !== turn) return;
      rest();
      say([error instanceof NoAnswer ? error.message : `The page failed: ${error}`]);
    }
  };

  const plan = () =>
    asked(
      "/api/replay/plan",
      { reason: askedReason(reason) },
      "Reading the dead letters…",
      (/** @type {ReplayPlan} */ told) => {
        say(planWords(told));
        if (told.confirmation === null) return;
        confirmation = told.confirmation;
        setText(send, `Send ${formatCount(told.toSend)} again`);
        for (const button of [send, cancel]) setAttribute(button, "hidden", false);
        send.focus();
      },
    );
  const replay = () =>
    asked("/api/replay", { confirmation }, "Sending…", (/** @type {Replay} */ done) => {
      say(doneWords(done));
      ask.focus();
    });

  return {
    node,
    /** @param {Pipeline} pipeline @param {string} chosen reason of the letters that are meant */
    paint(pipeline, chosen) {
      const why = whyNoReplay(pipeline, chosen);
      if (chosen !== reason || (why !== null && said.textContent !== why)) {
        reason = chosen;
        rest();
        say(why === null ? [] : [why]);
      }
      if (why !== null) setAttribute(ask, "disabled", true);
    },
  };
}
