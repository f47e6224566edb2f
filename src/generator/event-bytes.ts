import assert from "node:assert/strict";
import { ACTIONS, actionOn } from "./behaviour.ts";
import { ByteSegments, copyWords } from "./byte-segments.ts";
import { EventDescriptions } from "./event-descriptions.ts";
import { ACTION, EventFates, FIRST_SEAT, ID, SECOND_ID } from "./event-fates.ts";
import { LINEUP_MS, Lineups, MOST_SEATS_TRIED } from "./lineup.ts";
import { LineupCache } from "./lineup-cache.ts";
import { draw } from "./mixing.ts";
import { PROFILES } from "./profiles.ts";
import { pageIn, phaseIn, SessionCache } from "./session-cache.ts";
import type { GeneratorSettings } from "./settings.ts";
import { PAGES } from "./shop.ts";
import { StayTimes } from "./stay-times.ts";
import { TimestampWriter } from "./timestamp-writer.ts";
import { UUID_LENGTH, writeEventUuid } from "./uuid.ts";
import { SLOT_MS, Visitors } from "./visitors.ts";

/** Room that `EventWriter.write` needs behind `position`, bytes; it may overwrite all of it. */
export const EVENT_ROOM_BYTES = 1_024;

const MINUTE_MS = 60_000;
const MINUTES_PER_SLOT = SLOT_MS / MINUTE_MS;
const LINEUPS_PER_MINUTE = MINUTE_MS / LINEUP_MS;

const OPENING = new ByteSegments(['{"event_id":"']);
const OPENING_LENGTH = OPENING.lengths[0]!;
const head = (userId: string, sessionId: string): string =>
  `","user_id":"${userId}","session_id":"${sessionId}","url":"`;
/** By page, then action. */
const MIDDLES = new ByteSegments(
  PAGES.flatMap(({ url }) => ACTIONS.map((action) => `${url}","action":"${action}","timestamp":"`)),
);
const TAILS = new ByteSegments(
  PROFILES.map(({ device, browser }) => `","device_type":"${device}","browser":"${browser}"}`),
);

/**
 * Writes generated events as bytes of JSON: compact, the fields in the order of `EVENT_FIELDS`. What is written depends
 * on the settings, `n` and `timeMs` alone, never on what was written before.
 *
 * Per event about 7 draws of chance, one seat and one visitor looked up, 30 word copies and 30 table loads, about 200 ns
 * for 250 bytes; no object, no string. Broken events and repeats, which are rare, take the slow way.
 */
export class EventWriter {
  /** Every user_id, one after the other: the message key of the last event is `keyLength` bytes at `keyStart`. */
  readonly keyBytes: Buffer;
  readonly keyLength: number;
  keyStart = 0;
  /** The visitor of the last event, from 0 to `users` − 1. */
  user = 0;

  readonly #fates: EventFates;
  readonly #visitors: Visitors;
  readonly #stayTimes: StayTimes;
  readonly #sessions: SessionCache;
  readonly #lineups: Lineups;
  readonly #lineupCache: LineupCache;
  readonly #times = new TimestampWriter();
  readonly #descriptions: EventDescriptions;
  #target: Buffer = Buffer.alloc(0);
  #view = new DataView(this.#target.buffer);
  /** Of the last event: the visitor's slot, and how long they had been on the site. */
  #slot = 0;
  #sinceStartMs = 0;

  /** @throws UsageError that names the first impossible setting. */
  constructor(settings: GeneratorSettings) {
    this.#fates = new EventFates(settings);
    this.#visitors = new Visitors(settings.seed, settings.users);
    this.#stayTimes = new StayTimes(this.#visitors);
    this.#sessions = new SessionCache(this.#visitors, head);
    this.#lineups = new Lineups(this.#visitors, settings.seed);
    this.#lineupCache = new LineupCache(this.#lineups, (user, timeMs) =>
      this.#stayTimes.isOnSite(user, timeMs),
    );
    this.#descriptions = new EventDescriptions(settings);
    this.keyLength = this.#visitors.userId(0).length;
    this.keyBytes = Buffer.alloc(settings.users * this.keyLength);
    for (let user = 0; user < settings.users; user++) {
      this.keyBytes.write(this.#visitors.userId(user), user * this.keyLength);
    }
  }

  /**
   * Hot. Writes the value of event `n`, which arrives at `timeMs` (whole ms since the epoch), at `position` of `bytes`;
   * returns the end. `EVENT_ROOM_BYTES` must follow `position`; bytes behind the end may be overwritten. Sets `user` and
   * `keyStart`. A repeat's original is taken to have arrived one ms earlier for every event in between, as in the
   * backlog.
   * @throws RangeError when the room is not there.
   */
  write(n: number, timeMs: number, bytes: Buffer, position: number): number {
    const key = this.#fates.keyOf(n);
    if (!this.#fates.isPunctual(key)) return this.#writeStruck(n, key, timeMs, bytes, position);
    return this.#writeSound(n, key, timeMs - this.#fates.disorderMs(key), bytes, position);
  }

  /** Like `write`, for events that something befalls. */
  #writeStruck(n: number, key: number, timeMs: number, bytes: Buffer, position: number): number {
    switch (this.#fates.fate(key, n)) {
      case "repeat": {
        const original = this.#fates.original(n);
        return this.write(original, timeMs - (n - original), bytes, position);
      }
      case "broken": {
        const { user, value } = this.#descriptions.describeEvent(n, timeMs);
        this.#setUser(user);
        bytes.set(value, position);
        return position + value.length;
      }
      case "late":
        return this.#writeSound(n, key, timeMs - this.#fates.latenessMs(key), bytes, position);
      case "punctual":
        return this.#writeSound(n, key, timeMs - this.#fates.disorderMs(key), bytes, position);
    }
  }

  /** Hot. Writes event `n`, which happened at `happenedMs`. */
  #writeSound(n: number, key: number, happenedMs: number, bytes: Buffer, position: number): number {
    const minute = Math.floor(happenedMs / MINUTE_MS);
    const restMs = happenedMs - minute * MINUTE_MS;
    this.#pickVisitor(key, happenedMs, minute, restMs);
    const sessions = this.#sessions;
    const line = sessions.line(this.user, this.#slot);
    const profile = sessions.profile(line);
    const second = sessions.second(line, (this.#sinceStartMs / 1_000) | 0);
    const page = pageIn(second);
    const middle = page * ACTIONS.length + actionOn(page, phaseIn(second), draw(key, ACTION));

    if (bytes !== this.#target) this.#turnTo(bytes);
    const view = this.#view;
    let end = copyWords(view, position, OPENING.view, 0, OPENING_LENGTH);
    writeEventUuid(view, end, n, draw(key, ID), draw(key, SECOND_ID));
    end = copyWords(view, end + UUID_LENGTH, sessions.heads, line * sessions.headStride, sessions.headLength);
    end = copyWords(view, end, MIDDLES.view, MIDDLES.starts[middle]!, MIDDLES.lengths[middle]!);
    end = this.#times.write(view, end, minute, restMs);
    return copyWords(view, end, TAILS.view, TAILS.starts[profile]!, TAILS.lengths[profile]!);
  }

  /** Hot. Picks who acts: sets the visitor, their slot, and how long they have been on the site. */
  #pickVisitor(key: number, timeMs: number, minute: number, restMs: number): void {
    const { phaseMs } = this.#visitors;
    const unshiftedSlot = (minute / MINUTES_PER_SLOT) | 0;
    const unshiftedMs = (minute - unshiftedSlot * MINUTES_PER_SLOT) * MINUTE_MS + restMs;
    const lineup = minute * LINEUPS_PER_MINUTE + ((restMs / LINEUP_MS) | 0);
    for (let attempt = 0; attempt <= MOST_SEATS_TRIED; attempt++) {
      const seat = this.#lineups.seat(draw(key, FIRST_SEAT + attempt));
      const user =
        attempt < MOST_SEATS_TRIED ? this.#lineupCache.visitor(lineup, seat) : this.#visitors.onDuty(timeMs);
      const shiftedMs = unshiftedMs + phaseMs[user]!;
      const next = shiftedMs >= SLOT_MS ? 1 : 0;
      const sinceStartMs = this.#stayTimes.sinceStart(user, unshiftedSlot + next, shiftedMs - next * SLOT_MS);
      if (sinceStartMs < 0) continue;
      this.#setUser(user);
      this.#slot = unshiftedSlot + next;
      this.#sinceStartMs = sinceStartMs;
      return;
    }
    assert.fail("nobody is on duty");
  }

  #setUser(user: number): void {
    this.user = user;
    this.keyStart = user * this.keyLength;
  }

  #turnTo(bytes: Buffer): void {
    this.#target = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
