/** @import { State } from "../model/state.js" */
import { h, keyed, setText } from "../base/dom.js";
import { nextWindowWords } from "../model/pipeline-words.js";
import { codeLine } from "../parts/code-line.js";
import { panel } from "../parts/panel.js";

/** In words: what the next window to become final waits for. */
export function holdUpPanel() {
  const title = h("p", { class: "statement", "data-value": "held-by" });
  const sentences = h("div", { class: "sentences" });
  const command = codeLine();
  const shell = panel({ title: "The next window", wide: true }, title, sentences, command.node);
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      if (pipeline === null) return shell.instead("loading", "Waiting for the first news…");
      const words = nextWindowWords(pipeline);
      shell.content();
      setText(title, words.title);
      keyed(sentences, words.sentences, {
        key: (sentence) => String(words.sentences.indexOf(sentence)),
        create: () => h("p", {}),
        update: (element, sentence) => setText(element, sentence),
      });
      command.node.hidden = words.command === null;
      if (words.command !== null) command.paint(words.command);
    },
  };
}
