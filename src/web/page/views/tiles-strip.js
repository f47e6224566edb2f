/** @import { State } from "../model/state.js" */
import { h } from "../base/dom.js";
import { formatCount } from "../format/numbers.js";
import { formatAge, formatDay, formatMoment, formatSecond, formatSpan } from "../format/times.js";
import { tile } from "../parts/tile.js";

/** Points of the small lines: two minutes. */
const SPARK = 120;

/** The numbers that tell whether all is well. */
export function tilesStrip() {
  const tiles = {
    in: tile({ label: "Events in", unit: "/s", spark: true, id: "in" }),
    processed: tile({ label: "Processed", unit: "/s", spark: true, id: "processed" }),
    lag: tile({ label: "Lag", unit: "events", spark: true, id: "lag" }),
    watermark: tile({ label: "Watermark delay", spark: true, id: "watermark-delay" }),
    commit: tile({ label: "Last commit", spark: true, id: "last-commit" }),
    windows: tile({ label: "Windows closed", id: "windows-closed" }),
  };
  return {
    node: h("dl", { class: "tiles" }, ...Object.values(tiles).map(({ node }) => node)),
    /** @param {State} state */
    paint({ pipeline, rates, clock }) {
      if (pipeline === null) return;
      const {
        lag,
        perSecond,
        watermarkMs,
        greatestMs,
        lastCommitMs,
        commitMs,
        windowsClosed,
        windowsOpen,
        closedThroughMs,
        producer,
      } = pipeline;
      const samples = rates.samples.slice(-SPARK);
      const latest = rates.latest;
      const nowMs = clock.nowMs();
      const delayMs = latest?.delayMs ?? null;
      tiles.in.paint({
        value: formatCount(latest?.in == null ? null : Math.round(latest.in)),
        note: producer === null ? "measured at the topic" : `${formatCount(producer.produced)} produced`,
        values: samples.map((sample) => sample.in),
      });
      tiles.processed.paint({
        value: formatCount(perSecond === null ? null : Math.round(perSecond)),
        note: `${formatCount(pipeline.read)} read`,
        values: samples.map(({ processed }) => processed),
      });
      tiles.lag.paint({
        value: formatCount(lag),
        note: lag === null ? "not known here" : lag === 0 ? "everything is read" : catchUp(lag, perSecond),
        values: samples.map((sample) => sample.lag),
      });
      tiles.watermark.paint({
        value: formatSpan(delayMs),
        note:
          watermarkMs === null
            ? "no event yet"
            : `at ${momentBeside(watermarkMs, nowMs)}, newest event ${formatSecond(greatestMs)}`,
        values: samples.map((sample) => sample.delayMs),
      });
      tiles.commit.paint({
        value: formatAge(lastCommitMs === null || nowMs === null ? null : Math.max(0, nowMs - lastCommitMs)),
        note:
          lastCommitMs === null
            ? "none so far"
            : `${formatSecond(lastCommitMs)} UTC${commitMs[0] === undefined ? "" : `, took ${formatSpan(commitMs[0])}`}`,
        values: commitMs.toReversed(),
      });
      tiles.windows.paint({
        value: formatCount(windowsClosed),
        note:
          closedThroughMs === null
            ? "none is final yet"
            : `through ${momentBeside(closedThroughMs, nowMs)}${windowsOpen === null ? "" : `, ${formatCount(windowsOpen)} open`}`,
      });
    },
  };
}

/** Without the day when it is today's. @param {number} timeMs @param {number | null} nowMs */
function momentBeside(timeMs, nowMs) {
  return nowMs !== null && formatDay(timeMs) === formatDay(nowMs)
    ? formatSecond(timeMs)
    : formatMoment(timeMs);
}

/** @param {number} lag @param {number | null} perSecond */
function catchUp(lag, perSecond) {
  return perSecond === null || perSecond < 1
    ? "to be read"
    : `${formatSpan((lag / perSecond) * 1000)} at this rate`;
}
