/** @import { State } from "../model/state.js" */
import { timeChart } from "../charts/time-chart.js";
import { formatCount, formatShort } from "../format/numbers.js";
import { formatSecond, formatSpan } from "../format/times.js";
import { panel } from "../parts/panel.js";

/** A chart of less would be all edges. */
const FIRST_SAMPLES = 3;

/** Events a second in and processed, since the page was opened. */
export function ratesPanel() {
  const chart = timeChart({
    label: "Events a second, in and processed",
    format: (value) => formatCount(Math.round(value)),
    formatAxis: formatShort,
    formatTime: formatSecond,
    height: 280,
    minSpanMs: 60_000,
  });
  const shell = panel({ title: "Events a second" }, chart.node);
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ rates: { samples }, pipeline }) {
      if (pipeline?.status === "stopped") return shell.instead("empty", "No engine is running.");
      if (samples.length < FIRST_SAMPLES) return shell.instead("loading", "Measuring…");
      const first = samples[0]?.atMs ?? 0;
      const last = samples.at(-1)?.atMs ?? first;
      shell.content();
      shell.lead(`The last ${formatSpan(last - first)}, since this page was opened`);
      chart.paint({
        timesMs: samples.map(({ atMs }) => atMs),
        looks: [
          { name: "in", colour: "--c2" },
          { name: "processed", colour: "--c1" },
        ],
        values: [samples.map((sample) => sample.in), samples.map(({ processed }) => processed)],
        openFromMs: null,
      });
    },
  };
}
