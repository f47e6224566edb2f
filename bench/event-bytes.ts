// How many events a second one thread writes as bytes, in the backlog and at the settings of `npm start`.
// node bench/event-bytes.ts [events a round] [users]
import { EVENT_ROOM_BYTES, EventWriter } from "../src/generator/event-bytes.ts";

const [events = 3_000_000, users = 1_000] = process.argv.slice(2).map(Number);
const ROUNDS = 5;
const startMs = Date.UTC(2026, 10, 23, 8);

const writer = new EventWriter({
  seed: 1,
  startMs,
  users,
  lateShare: 0.001,
  outOfOrderMs: 30_000,
  brokenShare: 0.0001,
  duplicateShare: 0,
});
const bytes = Buffer.alloc(1 << 20);

/** Writes a round of events one after the other, over and over the same buffer; returns how many bytes. */
function writeRound(first: number): number {
  let total = 0;
  let position = 0;
  for (let n = first; n < first + events; n++) {
    if (position > bytes.length - EVENT_ROOM_BYTES) position = 0;
    const end = writer.write(n, startMs + n, bytes, position);
    total += end - position;
    position = end;
  }
  return total;
}

for (let round = 0; round < ROUNDS; round++) {
  const from = performance.now();
  const cpuFrom = process.cpuUsage();
  const total = writeRound(round * events);
  const elapsedMs = performance.now() - from;
  const cpu = process.cpuUsage(cpuFrom);
  const perSecond = events / elapsedMs / 1_000;
  const cpuNs = ((cpu.user + cpu.system) * 1_000) / events;
  process.stdout.write(
    `event bytes, ${users} users, round ${round + 1}: ${perSecond.toFixed(2)} M events/s, ` +
      `${(total / elapsedMs / 1_000).toFixed(0)} MB/s, ${cpuNs.toFixed(0)} ns of CPU and ` +
      `${(total / events).toFixed(0)} bytes an event\n`,
  );
}
