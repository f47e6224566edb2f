/** @import { Pipeline } from "../../api.ts" */

/** A quarter of an hour at one sample a second: what a second screen shows without asking for history. */
const KEPT = 900;
const SAMPLE_EVERY_MS = 1_000;
/** Ends of partitions jump with each batch of a producer: a rate over less than this would jump, too. */
const SLOPE_OVER_MS = 5_000;

/**
 * @typedef {object} Sample
 * @property {number} atMs server's clock
 * @property {number | null} in events a second that come into the topic
 * @property {number | null} processed events a second
 * @property {number | null} lag
 * @property {number | null} delayMs between the clock and the watermark
 */

/** How rates and lag went since the page was opened: one sample a second, from what the live stream tells. */
export class Rates {
  /** @type {Sample[]} */
  samples = [];
  /** @type {{ atMs: number, end: number }[]} */
  #ends = [];

  /** @param {Pipeline} pipeline @param {number} atMs when, by the server's clock */
  add(pipeline, atMs) {
    const latest = this.samples.at(-1);
    const sample = {
      atMs,
      in: this.#inPerSecond(pipeline, atMs),
      processed: pipeline.perSecond,
      lag: pipeline.lag,
      delayMs: pipeline.watermarkMs === null ? null : Math.max(0, atMs - pipeline.watermarkMs),
    };
    // News within the same second replace what was: the chart and the tile beside it say the same.
    if (
      latest !== undefined &&
      Math.floor(latest.atMs / SAMPLE_EVERY_MS) === Math.floor(atMs / SAMPLE_EVERY_MS)
    ) {
      this.samples.pop();
    }
    this.samples.push(sample);
    if (this.samples.length > KEPT) this.samples.shift();
  }

  get latest() {
    return this.samples.at(-1) ?? null;
  }

  /** @param {Pipeline} pipeline @param {number} atMs */
  #inPerSecond({ producer, partitions, partitionCount }, atMs) {
    if (producer !== null) return producer.perSecond;
    if (partitions.length < partitionCount || partitions.some(({ end }) => end === null)) return null;
    const end = partitions.reduce((sum, partition) => sum + (partition.end ?? 0), 0);
    this.#ends.push({ atMs, end });
    while ((this.#ends[1]?.atMs ?? atMs) <= atMs - SLOPE_OVER_MS) this.#ends.shift();
    const first = /** @type {{ atMs: number, end: number }} */ (this.#ends[0]);
    return atMs - first.atMs < SAMPLE_EVERY_MS
      ? null
      : Math.max(0, ((end - first.end) * 1_000) / (atMs - first.atMs));
  }
}
