/** @import { Theme } from "./base/theme.js" */
/** @import { ViewName } from "./model/route.js" */
/** @import { Page, View } from "./model/state.js" */
import { setAttribute, setText } from "./base/dom.js";
import { paintScheduler } from "./base/paint.js";
import { chooseTheme, chosenTheme, followSystemTheme } from "./base/theme.js";
import { readRoute, VIEWS, writeRoute } from "./model/route.js";
import { initialState } from "./model/state.js";
import { ask } from "./net/ask.js";
import { listenLive } from "./net/live.js";
import { choices } from "./parts/choices.js";
import { rangeBar } from "./parts/range-bar.js";
import { connectionBanner, statusLine } from "./parts/status-line.js";
import { devicesView } from "./views/devices-view.js";
import { nowView } from "./views/now-view.js";
import { pagesView } from "./views/pages-view.js";
import { pipelineView } from "./views/pipeline-view.js";
import { queriesView } from "./views/queries-view.js";
import { sessionsView } from "./views/sessions-view.js";
import { usersView } from "./views/users-view.js";

/** @type {Readonly<Record<ViewName, { title: string, make: (page: Page) => View, history: boolean }>>} */
const KINDS = {
  now: { title: "Now", make: nowView, history: false },
  pages: { title: "Pages", make: pagesView, history: true },
  devices: { title: "Devices", make: devicesView, history: true },
  users: { title: "Users", make: usersView, history: true },
  sessions: { title: "Sessions", make: sessionsView, history: true },
  pipeline: { title: "Pipeline", make: pipelineView, history: false },
  queries: { title: "Queries", make: queriesView, history: true },
};

/** Known queries are asked for again so often while nothing is final yet, or after an error. */
const QUERIES_EVERY_MS = 3_000;

const state = initialState(readRoute(location.hash));

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {Page} */
const page = {
  repaint: () => paint.soon(),
  go({ chosen, ...change }) {
    const next = { ...state.route, ...change, chosen: { ...state.route.chosen, ...chosen } };
    const hash = writeRoute(next);
    // What is typed or stepped through is no new place to go back to.
    if (hash !== location.hash) history.replaceState(null, "", hash);
    state.route = readRoute(hash);
    paint.now();
  },
};

const range = rangeBar(page);
const status = statusLine();
const banner = connectionBanner();
const theme = choices({
  label: "Colours",
  choose(/** @type {Theme} */ chosen) {
    chooseTheme(chosen);
    paint.now();
  },
});
element("range").append(range.node);
element("status").append(status.node);
element("banner").append(banner.node);
element("theme").append(theme.node);

/** @type {Map<ViewName, View>} */
const views = new Map();

function paintAll() {
  const { view: name } = state.route;
  let view = views.get(name);
  if (view === undefined) {
    view = KINDS[name].make(page);
    views.set(name, view);
    element("view").append(view.node);
  }
  for (const [other, { node }] of views) setAttribute(node, "hidden", other !== name);
  for (const known of VIEWS) {
    const link = element(`nav-${known}`);
    setAttribute(link, "aria-current", known === name ? "page" : null);
    setAttribute(link, "href", writeRoute({ ...state.route, view: known, chosen: {} }));
  }
  setText(element("title"), KINDS[name].title);
  setText(element("topic"), state.pipeline?.topic ?? "");
  document.title = `${KINDS[name].title} · clickstream`;
  theme.paint(
    [
      { value: "system", text: "Auto", label: "As the system" },
      { value: "light", text: "Light" },
      { value: "dark", text: "Dark" },
    ],
    chosenTheme(),
  );
  setAttribute(element("range"), "hidden", !KINDS[name].history);
  if (state.pipeline !== null && state.connection.phase === "open") {
    const nowMs = state.clock.nowMs();
    if (nowMs !== null) state.rates.add(state.pipeline, nowMs);
  }
  range.paint(state);
  status.paint(state);
  banner.paint(state);
  view.paint(state);
}

const paint = paintScheduler(paintAll);

let asksQueries = false;
async function refreshQueries() {
  if (asksQueries) return;
  asksQueries = true;
  try {
    state.queries = await ask("/api/queries");
    state.closedThroughMs = state.queries?.closedThroughMs ?? state.closedThroughMs;
  } catch {
    // The panels say that nothing is known; it is asked again below.
  }
  asksQueries = false;
  paint.soon();
  const isIncomplete =
    state.queries === null || state.queries.queries.some(({ firstStartMs }) => firstStartMs === null);
  if (isIncomplete) setTimeout(() => void refreshQueries(), QUERIES_EVERY_MS);
}

listenLive({
  pipeline(pipeline) {
    const isOther =
      state.pipeline !== null &&
      (state.pipeline.engine !== pipeline.engine || state.pipeline.topic !== pipeline.topic);
    state.pipeline = pipeline;
    state.clock.tell(pipeline.nowMs);
    if (isOther) void refreshQueries();
    paint.soon();
  },
  provisional(provisional) {
    state.provisional = provisional;
    paint.soon();
  },
  final({ throughMs }) {
    state.closedThroughMs = throughMs;
    paint.soon();
  },
  connection(connection) {
    const isBack = connection.phase === "open" && state.connection.phase !== "open";
    state.connection = connection;
    if (isBack) void refreshQueries();
    paint.soon();
  },
});

addEventListener("hashchange", () => {
  state.route = readRoute(location.hash);
  paint.now();
});
element("skip").addEventListener("click", (event) => {
  event.preventDefault();
  element("view").focus();
});
followSystemTheme();
document.addEventListener("themechange", () => paint.soon());
paint.now();
