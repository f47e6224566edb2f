import assert from "node:assert/strict";
import { ACTIONS, actionOn } from "./behaviour.ts";
import { BREAKAGES, type Breakage, type EventFieldValues } from "./broken-events.ts";
import { ACTION, BREAKAGE, EventFates, type Fate, FIRST_SEAT, ID, SECOND_ID } from "./event-fates.ts";
import { LINEUP_MS, Lineups, MOST_SEATS_TRIED } from "./lineup.ts";
import { below, draw } from "./mixing.ts";
import { PROFILES } from "./profiles.ts";
import type { GeneratorSettings } from "./settings.ts";
import { PAGES } from "./shop.ts";
import { eventUuid } from "./uuid.ts";
import { type Stay, Visitors } from "./visitors.ts";
import { phaseOf, walk } from "./walk.ts";

/** An event, told in full. */
export interface EventDescription {
  /** The event that is written: n, or the earlier event that n repeats. */
  number: number;
  /** What becomes of event `number`. */
  fate: Exclude<Fate, "repeat">;
  /** Who acts, when, and in which stay on the site. */
  user: number;
  happenedMs: number;
  stay: Stay;
  /** The page, as an index into `PAGES`. */
  page: number;
  /** The message's key. */
  userId: string;
  /** The sound event. */
  fields: EventFieldValues;
  /** What is wrong with the value, for a broken event. */
  breakage: Breakage | undefined;
  /** The message's value, as `EventWriter` writes it. */
  value: Uint8Array;
}

/** What `EventWriter` writes, in objects and strings, with nothing remembered: the slow twin of the hot path. */
export class EventDescriptions {
  readonly #fates: EventFates;
  readonly #visitors: Visitors;
  readonly #lineups: Lineups;
  readonly #isOnSite = (user: number, timeMs: number): boolean =>
    this.#visitors.stayAt(user, timeMs) !== undefined;

  /** @throws UsageError that names the first impossible setting. */
  constructor(settings: GeneratorSettings) {
    this.#fates = new EventFates(settings);
    this.#visitors = new Visitors(settings.seed, settings.users);
    this.#lineups = new Lineups(this.#visitors, settings.seed);
  }

  /** Event `n`, which arrives at `timeMs`. A repeat's original arrived one ms earlier for every event in between. */
  describeEvent(n: number, timeMs: number): EventDescription {
    const number = this.#fates.original(n);
    const arrivedMs = timeMs - (n - number);
    const key = this.#fates.keyOf(number);
    const fate = this.#fates.fate(key, number);
    assert(fate !== "repeat", "an original is no repeat");
    const happenedMs =
      arrivedMs - (fate === "late" ? this.#fates.latenessMs(key) : this.#fates.disorderMs(key));
    const stay = this.#whoActs(key, happenedMs);
    const second = Math.floor((happenedMs - stay.startMs) / 1_000);
    const visit = walk(stay).find(({ endSecond }) => second < endSecond)!;
    const { id, profile } = this.#visitors.session(stay);
    const userId = this.#visitors.userId(stay.user);
    const fields: EventFieldValues = {
      event_id: eventUuid(number, draw(key, ID), draw(key, SECOND_ID)),
      user_id: userId,
      session_id: id,
      url: PAGES[visit.page]!.url,
      action: ACTIONS[actionOn(visit.page, phaseOf(visit, second), draw(key, ACTION))]!,
      timestamp: new Date(happenedMs).toISOString(),
      device_type: PROFILES[profile]!.device,
      browser: PROFILES[profile]!.browser,
    };
    const word = draw(key, BREAKAGE);
    const breakage = fate === "broken" ? BREAKAGES[below(word, BREAKAGES.length)] : undefined;
    const value = breakage?.make(fields, draw(word, 0), arrivedMs) ?? Buffer.from(JSON.stringify(fields));
    return {
      number,
      fate,
      user: stay.user,
      happenedMs,
      stay,
      page: visit.page,
      userId,
      fields,
      breakage,
      value,
    };
  }

  #whoActs(key: number, timeMs: number): Stay {
    const lineup = Math.floor(timeMs / LINEUP_MS);
    for (let attempt = 0; attempt < MOST_SEATS_TRIED; attempt++) {
      const seat = this.#lineups.seat(draw(key, FIRST_SEAT + attempt));
      const user = this.#lineups.visitor(lineup, seat, this.#isOnSite);
      const stay = this.#visitors.stayAt(user, timeMs);
      if (stay !== undefined) return stay;
    }
    return this.#visitors.stayAt(this.#visitors.onDuty(timeMs), timeMs)!;
  }
}
