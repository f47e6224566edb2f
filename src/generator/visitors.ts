import { seededRandom } from "../core/random.ts";
import { AliasTable } from "./alias-table.ts";
import { below, draw, keyOf, mix32, unit } from "./mixing.ts";
import { DEVICE_CELLS, PROFILE_CELLS } from "./profiles.ts";
import { uuidOf } from "./uuid.ts";

// The model of the shop's visitors. Nothing here remembers anything between two questions: who is on the site at an
// instant, in which session and on which page, is a function of (seed, visitor, instant). That is why any event can be
// made without those before it, and why everything that is remembered elsewhere (stay-times.ts, session-cache.ts,
// lineup-cache.ts) may be forgotten at any time.
//
// - Stays. Time is cut, for every visitor at their own phase, into slots of 15 minutes. In each slot a visitor is on the
//   site once or not at all, for 1 to 12 minutes, and is away for at least the slot's last minute. So a stay is found from
//   its slot number alone, stays of one visitor never overlap, and between two of them is a pause. One stay is one session.
// - Crowd. How likely a visitor comes depends on the visitor and on the hour of the day (UTC), so the number of people on
//   the site rises and falls with the day: of 1,000 about 150 at night and 250 in the evening.
// - Duty. Visitors 0 and 1 relieve each other every seven and a half minutes, so there is always somebody to whom an event
//   can belong, however few visitors there are. A lone visitor never pauses, but has sessions of 15 minutes.
// - Activity (lineup.ts). Who acts is a weighted choice among those on the site. The weights follow Zipf's law with a
//   flattened head: of 1,000 visitors the most active one makes about 1 % of all events, 35 times as many as the least
//   active while they are there.
// - Profile. A session has one device, mostly the visitor's usual one, and the browser that they have on that device.
// - Walk (walk.ts, shop.ts). In a session the visitor goes from page to page along the shop's links and stays on each for
//   whole seconds. A campaign that changes every half hour brings some visitors to one category, so the popular pages
//   change with time.
// - Doings (behaviour.ts). In the first second on a page a visitor views it; then they scroll, hover and click as the kind
//   of page suggests; in the last second they mostly click, which takes them to the next page.

/** Each visitor is on the site at most once per slot. */
export const SLOT_MS = 900_000;
const LEAST_SESSION_MS = 60_000;
const GREATEST_SESSION_MS = 720_000;
const LEAST_PAUSE_MS = 60_000;
const RELAY_SESSION_MS = SLOT_MS / 2;

const HOUR_MS = 3_600_000;
/** How much of their usual interest visitors have in each hour of the day (UTC), per cent: quiet nights, busy evenings. */
const INTEREST_BY_HOUR = [
  ...[70, 64, 60, 58, 58, 62, 70, 78, 84, 88, 90, 92],
  ...[96, 94, 90, 90, 92, 94, 96, 100, 100, 98, 90, 80],
];

/** This share of the visitors, the most active ones, are nearly equally active. */
const FLAT_HEAD = 0.03;

/** Share of the sessions for which the device is chosen anew. */
const OTHER_DEVICE_SHARE = 0.12;

/** Sets the visitors' randomness apart from the events'. */
const VISITORS_KEY = 0x76697369;

/** What is asked about a visitor; `BROWSER` and the two after it, one for each device. */
const PHASE = 0;
const LOYALTY = 1;
const DEVICE = 2;
const STAYS = 3;
const BROWSER = 4;

/** What is asked about a session; walk.ts asks more. */
const COMES = 0;
const DURATION = 1;
const START = 2;
const ID = 3;
const SECOND_ID = 4;
const ON_OTHER_DEVICE = 5;
const OTHER_DEVICE = 6;

/** When a visitor is on the site, once. */
export interface Stay {
  user: number;
  /** The visitor's slot that holds it. */
  slot: number;
  /** From `startMs` to just before `endMs`, ms since the epoch. */
  startMs: number;
  endMs: number;
  /** Randomness of what happens in it. */
  key: number;
}

/** What every event of one stay has in common. */
export interface Session {
  /** A UUID; no two sessions of a seed share one. */
  id: string;
  /** Device and browser, as an index into `PROFILES`. */
  profile: number;
}

/** All visitors of the shop, numbered from 0. */
export class Visitors {
  readonly count: number;
  /** By number: a visitor's slots start this long before the multiples of `SLOT_MS`. */
  readonly phaseMs: Int32Array;
  /** Chooses who acts next among all visitors, whether or not they are on the site. */
  readonly activity: AliasTable;
  readonly #key: number;
  readonly #digits: number;

  constructor(seed: number, count: number) {
    this.count = count;
    this.#key = keyOf(VISITORS_KEY, seed);
    this.#digits = Math.max(4, String(count).length);
    this.activity = new AliasTable(activityWeights(this.#key, count));
    this.phaseMs = Int32Array.from({ length: count }, (_, user) => below(this.#about(user, PHASE), SLOT_MS));
    this.phaseMs[0] = 0;
    if (count > 1) this.phaseMs[1] = SLOT_MS - RELAY_SESSION_MS;
  }

  /** A visitor's `user_id`; all have the same length. */
  userId(user: number): string {
    return `user_${String(user + 1).padStart(this.#digits, "0")}`;
  }

  /** Which of the visitor's slots holds the instant. */
  slotAt(user: number, timeMs: number): number {
    return Math.floor((timeMs + this.phaseMs[user]!) / SLOT_MS);
  }

  /** When one of the visitor's slots begins, ms since the epoch. */
  slotStartMs(user: number, slot: number): number {
    return slot * SLOT_MS - this.phaseMs[user]!;
  }

  /** The visitor who is certainly on the site at the instant. */
  onDuty(timeMs: number): number {
    return this.count > 1 && timeMs % SLOT_MS >= RELAY_SESSION_MS ? 1 : 0;
  }

  /** When the visitor is on the site in a slot; undefined when they don't come. */
  stay(user: number, slot: number): Stay | undefined {
    const key = keyOf(this.#about(user, STAYS), slot);
    const slotStartMs = this.slotStartMs(user, slot);
    if (user <= 1) {
      const relayMs = this.count === 1 ? SLOT_MS : RELAY_SESSION_MS;
      return { user, slot, startMs: slotStartMs, endMs: slotStartMs + relayMs, key };
    }
    if (unit(draw(key, COMES)) >= this.#interest(user, slotStartMs)) return undefined;
    const durationMs = sessionDurationMs(draw(key, DURATION));
    const startMs = slotStartMs + below(draw(key, START), SLOT_MS - LEAST_PAUSE_MS - durationMs + 1);
    return { user, slot, startMs, endMs: startMs + durationMs, key };
  }

  /** The visitor's stay at an instant; undefined when they are not on the site. */
  stayAt(user: number, timeMs: number): Stay | undefined {
    const stay = this.stay(user, this.slotAt(user, timeMs));
    return stay !== undefined && timeMs >= stay.startMs && timeMs < stay.endMs ? stay : undefined;
  }

  /** The session of a stay. */
  session(stay: Stay): Session {
    return { id: this.#sessionId(stay), profile: this.#profile(stay) };
  }

  /** The probability that the visitor comes in a slot. */
  #interest(user: number, slotStartMs: number): number {
    const loyalty = 0.65 + 0.35 * unit(this.#about(user, LOYALTY));
    return (loyalty * INTEREST_BY_HOUR[Math.floor(slotStartMs / HOUR_MS) % 24]!) / 100;
  }

  /** Mostly the visitor's usual device, and always the browser that this visitor has on that device. */
  #profile({ user, key }: Stay): number {
    const elsewhere = unit(draw(key, ON_OTHER_DEVICE)) < OTHER_DEVICE_SHARE;
    const device = DEVICE_CELLS[(elsewhere ? draw(key, OTHER_DEVICE) : this.#about(user, DEVICE)) >>> 24]!;
    return PROFILE_CELLS[device]![this.#about(user, BROWSER + device) >>> 24]!;
  }

  /** Visitor and slot can be told from the first and last word, each by a bijection, so no two sessions share an id. */
  #sessionId({ user, slot, key }: Stay): string {
    const slotWord = mix32((slot + this.#key) | 0);
    const first = mix32(user ^ slotWord);
    return uuidOf(first, draw(key, ID), draw(key, SECOND_ID), first ^ slotWord);
  }

  #about(user: number, question: number): number {
    return draw(keyOf(this.#key, user), question);
  }
}

/** Short sessions are more common: 1 to 12 minutes, under 5 on average. */
function sessionDurationMs(word: number): number {
  const share = unit(word);
  return LEAST_SESSION_MS + Math.floor((GREATEST_SESSION_MS - LEAST_SESSION_MS) * share * share);
}

/** Zipf's law with a flattened head over the visitors in an order of the seed's choice. */
function activityWeights(seed: number, count: number): Float64Array {
  const random = seededRandom(seed);
  const weights = Float64Array.from({ length: count }, (_, rank) => 1 / (rank + 1 + FLAT_HEAD * count));
  for (let last = count - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    const weight = weights[chosen]!;
    weights[chosen] = weights[last]!;
    weights[last] = weight;
  }
  return weights;
}
