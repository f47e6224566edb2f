import type { FieldPaths } from "./field-paths.ts";
import { type Layout, layoutOf } from "./layout.ts";

/** Sightings after which a layout counts as steady. */
const STEADY_SIGHTINGS = 8;
/** Layouts watched at a time; more means that there is nothing steady to learn. */
const MAX_WATCHED = 16;
const MAX_INTERVAL = 4_096;

/**
 * Finds steady layouts among the events that fitted none that is known. Looks at ever fewer of them while that leads to
 * nothing, so that producers without a steady layout cost little more than the slow path.
 */
export class LayoutLearner {
  private readonly sightings = new Map<string, number>();
  /** Looks at every so many-th event. */
  private interval = 1;
  private passed = 0;
  private readonly paths: FieldPaths;

  /** `paths`: where the fields of events stand. */
  constructor(paths: FieldPaths) {
    this.paths = paths;
  }

  /** Looks at the value of an event; returns its layout once that is steady and not among the known ones. */
  observe(event: Uint8Array, isKnown: (layout: Layout) => boolean): Layout | undefined {
    if (++this.passed < this.interval) return undefined;
    this.passed = 0;
    const layout = layoutOf(event, this.paths);
    if (layout === undefined || isKnown(layout)) {
      this.slowDown();
      return undefined;
    }
    const sightings = (this.sightings.get(layout.signature) ?? 0) + 1;
    this.sightings.set(layout.signature, sightings);
    if (sightings === STEADY_SIGHTINGS) {
      this.sightings.clear();
      this.interval = 1;
      return layout;
    }
    if (this.sightings.size > MAX_WATCHED) {
      this.sightings.clear();
      this.slowDown();
    }
    return undefined;
  }

  /** To be called when learning brought no gain. */
  slowDown(): void {
    this.interval = Math.min(this.interval * 2, MAX_INTERVAL);
  }
}
