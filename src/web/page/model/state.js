/** @import { Pipeline, Provisional, Queries } from "../../api.ts" */
/** @import { Connection } from "../net/live.js" */
/** @import { Route } from "./route.js" */

import { ServerClock } from "../base/clock.js";
import { Rates } from "./rates.js";

/**
 * All that the page knows; views read it, only main.js writes it.
 * @typedef {object} State
 * @property {Route} route
 * @property {Connection} connection
 * @property {Pipeline | null} pipeline
 * @property {Provisional | null} provisional
 * @property {Queries | null} queries
 * @property {number | null} closedThroughMs windows that end at or before it are final and can be asked for
 * @property {ServerClock} clock
 * @property {Rates} rates
 */

/**
 * One of the page's views. `paint` is called for the view that shows, a few times a second.
 * @typedef {{ node: HTMLElement, paint: (state: State) => void }} View
 *
 * What views may ask of the page.
 * @typedef {object} Page
 * @property {() => void} repaint soon
 * @property {(change: Partial<Omit<Route, "chosen">> & { chosen?: Record<string, string> }) => void} go changes the address;
 *   `chosen` is added to what was chosen, "" removes
 */

/** @param {Route} route @returns {State} */
export function initialState(route) {
  return {
    route,
    connection: { phase: "connecting", sinceMs: 0, detail: "" },
    pipeline: null,
    provisional: null,
    queries: null,
    closedThroughMs: null,
    clock: new ServerClock(),
    rates: new Rates(),
  };
}
