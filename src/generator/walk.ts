import { ARRIVING, LEAVING, type Phase, READING, staySeconds } from "./behaviour.ts";
import { below, draw, keyOf, unit } from "./mixing.ts";
import { CATEGORY_COUNT, categoryPage, enter, followLink } from "./shop.ts";
import type { Stay } from "./visitors.ts";

/** The visit of one page, in whole seconds from the start of the stay on the site. The last one may reach past its end. */
export interface PageVisit {
  page: number;
  startSecond: number;
  endSecond: number;
}

/** Share of the sessions that a campaign brings. */
const CAMPAIGN_SHARE = 0.12;
/** How long one category is advertised. */
const CAMPAIGN_MS = 1_800_000;
const CAMPAIGNS_KEY = 0x63616d70;

/** What is asked about a stay, past what visitors.ts asks; two questions a page from `FIRST_STEP` on. */
const FROM_CAMPAIGN = 16;
const ENTRANCE = 17;
const FIRST_STEP = 18;

/** The pages that a visitor sees in a stay, one after the other along links, without a gap. */
export function walk(stay: Stay): PageVisit[] {
  const seconds = Math.ceil((stay.endMs - stay.startMs) / 1_000);
  const visits: PageVisit[] = [];
  let page = entrance(stay);
  for (let second = 0, question = FIRST_STEP; second < seconds; question += 2) {
    const endSecond = second + staySeconds(page, draw(stay.key, question));
    visits.push({ page, startSecond: second, endSecond });
    page = followLink(page, draw(stay.key, question + 1));
    second = endSecond;
  }
  return visits;
}

function entrance(stay: Stay): number {
  if (unit(draw(stay.key, FROM_CAMPAIGN)) >= CAMPAIGN_SHARE) return enter(draw(stay.key, ENTRANCE));
  const campaign = keyOf(CAMPAIGNS_KEY, Math.floor(stay.startMs / CAMPAIGN_MS));
  return categoryPage(below(campaign, CATEGORY_COUNT));
}

/** The phase of a visit in one of its seconds, counted from the start of the stay. */
export function phaseOf(visit: PageVisit, second: number): Phase {
  if (second === visit.startSecond) return ARRIVING;
  return second === visit.endSecond - 1 ? LEAVING : READING;
}
