import { formatCount, formatShare, formatTook } from "../numbers-for-people.ts";
import { postgresText } from "./postgres-text.ts";
import type { PipelineSnapshot } from "./snapshot.ts";
import { sparkFacts } from "./spark-facts.ts";

/** The state of a pipeline in one line, for where no terminal is. */
export function renderPlainLine({ elapsedMs, producer, engine }: PipelineSnapshot): string {
  const parts = [`after ${formatTook(elapsedMs)}`];
  if (producer !== null) {
    const { produced, total, live, perSecond, batchMs } = producer;
    const share = live ? "live" : `${formatShare(produced, total)} of ${formatCount(total)}`;
    parts.push(`produced ${formatCount(produced)} (${share}) at ${formatCount(perSecond)}/s`);
    parts.push(`last batch ${formatTook(batchMs[0] ?? null)}`);
  }
  if (engine !== null) {
    const dead = Object.values(engine.dead).reduce((sum, events) => sum + events, 0);
    parts.push(`processed ${formatCount(engine.read)} at ${formatCount(engine.perSecond)}/s`);
    parts.push(`lag ${formatCount(engine.lag)}`);
    parts.push(`commit ${formatCount(engine.commits)} in ${formatTook(engine.commitMs[0] ?? null)}`);
    parts.push(
      `windows ${formatCount(engine.windowsClosed)} closed, ${formatCount(engine.windowsOpen)} open`,
    );
    if (engine.duplicates !== undefined) parts.push(`duplicates ${formatCount(engine.duplicates)}`);
    if (engine.spark === undefined) parts.push(`late ${formatCount(engine.late)}, dead ${formatCount(dead)}`);
    else {
      parts.push(`dead ${formatCount(dead)}`);
      for (const { label, text } of sparkFacts(engine.spark, formatCount)) parts.push(`${label} ${text}`);
    }
    if (engine.postgres !== undefined) parts.push(`postgres ${postgresText(engine.postgres)}`);
  }
  return parts.join(" · ");
}
