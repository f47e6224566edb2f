/** @import { State } from "../model/state.js" */
import { h, setText } from "../base/dom.js";
import { counted, formatCount, formatShare } from "../format/numbers.js";
import { replayCommands } from "../model/replay-command.js";
import { chooser } from "../parts/choices.js";
import { codeLine } from "../parts/code-line.js";
import { keyCell, paintKey } from "../parts/key-cell.js";
import { panel } from "../parts/panel.js";
import { replayControl } from "../parts/replay-control.js";
import { column, dataTable } from "../parts/table.js";

/** @typedef {{ reason: string, events: number }} Reason */

/** Dead letters by reason, with the commands that show them, and a button and a command that send them again. */
export function deadLettersPanel() {
  let chosen = "";
  /** @type {State | undefined} */
  let latest;
  const table = dataTable({
    label: "Dead letters by reason",
    key: (/** @type {Reason} */ { reason }) => reason,
  });
  const reason = chooser({
    label: "reason",
    choose(value) {
      chosen = value;
      if (latest !== undefined) say.paint(latest);
    },
  });
  const show = codeLine();
  const replay = codeLine();
  const control = replayControl();
  const about = h("p", { class: "quiet" });
  const how = h(
    "div",
    { class: "aside" },
    h("div", { class: "aside-head" }, h("h3", { text: "Look at them, send them again" }), reason.node),
    show.node,
    control.node,
    replay.node,
    about,
  );
  const shell = panel(
    { title: "Dead letters", wide: true },
    h("div", { class: "with-aside even" }, table.node, how),
  );
  const say = {
    node: shell.node,
    /** @param {State} state */
    paint(state) {
      latest = state;
      const { pipeline } = state;
      if (pipeline === null) return shell.instead("loading", "Waiting for the first news…");
      const reasons = Object.entries(pipeline.dead)
        .map(([name, events]) => ({ reason: name, events }))
        .toSorted((a, b) => b.events - a.events || (a.reason < b.reason ? -1 : 1));
      const dead = reasons.reduce((sum, { events }) => sum + events, 0);
      const first = reasons[0];
      if (first === undefined || dead === 0)
        return shell.instead("empty", "No dead letters: every event read was understood.");
      const shown = reasons.some(({ reason: name }) => name === chosen) ? chosen : first.reason;
      shell.content();
      shell.lead(`${counted(dead, "event")}, ${formatShare(dead / Math.max(1, pipeline.read))} of all read`);
      table.paint(
        [
          {
            title: "reason",
            kind: "text",
            create: keyCell,
            update: (cell, { reason: name, events }) => paintKey(cell, name, events / first.events),
          },
          column("events", ({ events }) => formatCount(events)),
          column("share", ({ events }) => formatShare(events / dead)),
        ],
        reasons,
      );
      reason.paint(
        reasons.map(({ reason: name }) => ({ value: name, text: name })),
        shown,
      );
      const commands = replayCommands(shown, pipeline.topic);
      show.paint(commands.show);
      replay.paint(commands.replay);
      control.paint(pipeline, shown);
      setText(
        about,
        "With --dry-run nothing is sent: it tells what would become of the events. Each letter is replayed at most once.",
      );
    },
  };
  return say;
}
