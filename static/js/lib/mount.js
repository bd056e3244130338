// Draws every [data-chart] figure of the page; templates/components/chart.html makes them.
import { Detail } from "./chart-detail.js";
import { drawLegend, drawTable, savePicture } from "./chart-parts.js";
import { Group } from "./chart-sync.js";
import { candleChart, drawdownChart, lineChart } from "./charts.js";
import { getJson } from "./csrf.js";
import { text } from "./texts.js";

const DRAW = { candles: candleChart, equity: lineChart, drawdown: drawdownChart };
const SERIES = { candles: "bars", equity: "equity", drawdown: "drawdown" };
const FIRST_BARS = 220;
const FEWEST_BARS = 15;
const CACHE_MS = 5000;
const DAY = 86400;
const SPANS = [["1D", DAY], ["1W", 7 * DAY], ["1M", 31 * DAY], ["3M", 92 * DAY], ["1Y", 366 * DAY], ["5Y", 5 * 366 * DAY]];

const handles = new Map();
const answers = new Map();

/** Charts that are drawn from one answer share one request. */
function fetchOnce(url) {
  if (!url) return Promise.resolve({});
  if (!answers.has(url)) {
    const answer = getJson(url);
    answers.set(url, answer);
    answer.then(
      () => setTimeout(() => answers.delete(url), CACHE_MS),
      () => answers.delete(url),
    );
  }
  return answers.get(url);
}

async function load(figure) {
  const { url, markersUrl, overlaysUrl } = figure.dataset;
  const [data, markers, overlays] = await Promise.all([fetchOnce(url), fetchOnce(markersUrl), fetchOnce(overlaysUrl)]);
  return {
    ...data,
    markers: markers.markers ?? data.markers ?? [],
    overlays: overlays.overlays ?? data.overlays ?? [],
  };
}

/** Says below the picture what went wrong, with a button if it can be tried again; "" takes it away. */
function tell(figure, words, again = null) {
  const place = figure.querySelector("[data-chart-error]");
  place.hidden = !words;
  place.textContent = words;
  if (!again) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-tool";
  button.textContent = text("try-again");
  button.addEventListener("click", () => {
    tell(figure, "");
    again();
  });
  place.append(" ", button);
}

function hideTools(figure, state) {
  figure.dataset.state = state;
  figure.querySelector("[data-chart-table]").hidden = true;
  figure.querySelector(".chart-tools").hidden = true;
}

/** The ranges that can be chosen: [label, seconds, about how many bars], shortest first. */
function spansOf({ rows }, total) {
  const length = rows[rows.length - 1][0] - rows[0][0];
  const step = length / Math.max(total - 1, 1);
  return SPANS.map(([label, span]) => [label, span, span / step]).filter(
    ([, span, bars]) => span < length && bars >= FEWEST_BARS,
  );
}

/** Shows everything, or of many candles the newest: the range that holds about FIRST_BARS. */
function showFirst(figure, handle, spans, total) {
  const whole = figure.dataset.chart !== "candles" || figure.dataset.range === "all" || figure.dataset.sync;
  if (whole || total <= FIRST_BARS || !spans.length) {
    handle.fit();
    return;
  }
  const distance = ([, , bars]) => Math.abs(Math.log(bars / FIRST_BARS));
  const [, span] = spans.reduce((best, other) => (distance(other) < distance(best) ? other : best));
  handle.zoomToNewest(span);
}

function addSpans(figure, handle, spans) {
  const tools = figure.querySelector(".chart-tools");
  const all = tools.querySelector("[data-chart-fit]");
  spans.forEach(([label, span]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-tool";
    button.textContent = label;
    button.dataset.chartSpan = span;
    button.addEventListener("click", () => {
      handle.lead?.();
      handle.zoomToNewest(span);
    });
    tools.insertBefore(button, all);
  });
}

/** Presses the button of the range that is shown. */
function markRange(figure, handle) {
  figure.querySelector("[data-chart-fit]").setAttribute("aria-pressed", String(handle.whole));
  figure.querySelectorAll("[data-chart-span]").forEach((button) => {
    button.setAttribute("aria-pressed", String(Number(button.dataset.chartSpan) === handle.span));
  });
}

/** Says how many bars a candle is, in the title, the legend and an open table of values, and why it is not fewer. */
function sayMerged(figure, handle, detail) {
  const merged = detail.merged();
  figure.querySelector("[data-chart-merged]").textContent = merged > 1 ? text("merged", { count: merged }) : "";
  drawLegend(figure.querySelector("[data-chart-legend]"), handle);
  const details = figure.querySelector("[data-chart-table]");
  if (details.open) drawTable(details.querySelector(".table-wrap"), handle);
  tell(figure, detail.failed, detail.failed ? () => detail.look() : null);
}

function bindTools(figure, handle) {
  figure.querySelector("[data-chart-fit]")?.addEventListener("click", () => {
    handle.lead?.();
    handle.fit();
  });
  const scale = figure.querySelector("[data-chart-scale]");
  const scaleBy = (on) => {
    scale.setAttribute("aria-pressed", String(on));
    handle.setLogarithmic(on);
  };
  scale?.addEventListener("click", () => scaleBy(scale.getAttribute("aria-pressed") !== "true"));
  // What has lost everything or more has no logarithm.
  if (scale && figure.dataset.scale === "log") scaleBy(handle.isPositive);
  figure.querySelector("[data-chart-png]")?.addEventListener("click", () => {
    savePicture(handle, figure.querySelector(".chart-title").innerText.trim());
  });
  const details = figure.querySelector("[data-chart-table]");
  details.addEventListener("toggle", () => {
    if (details.open) drawTable(details.querySelector(".table-wrap"), handle);
  });
}

function bindKeys(figure, handle) {
  const actions = {
    ArrowLeft: () => handle.pan(-0.2),
    ArrowRight: () => handle.pan(0.2),
    "+": () => handle.zoom(0.7),
    "=": () => handle.zoom(0.7),
    "-": () => handle.zoom(1.4),
    0: () => handle.fit(),
  };
  handle.box.addEventListener("keydown", (event) => {
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    handle.lead?.();
    actions[event.key]();
  });
}

function follow(figure, handle, detail) {
  const legend = figure.querySelector("[data-chart-legend]");
  const show = (time) => drawLegend(legend, handle, time);
  handle.chart.subscribeCrosshairMove((event) => {
    if (event.sourceEvent) show(event.time ?? null);
  });
  show(null);
  const onTheme = () => {
    handle.repaint();
    show(null);
  };
  document.addEventListener("lab:theme", onTheme);
  const group = figure.dataset.sync ? Group.named(figure.dataset.sync) : null;
  group?.join(handle, show);
  return () => {
    document.removeEventListener("lab:theme", onTheme);
    group?.leave(handle);
    detail?.stop();
    handle.destroy();
  };
}

async function mount(figure) {
  handles.set(figure, null);
  let data;
  try {
    data = await load(figure);
  } catch (error) {
    hideTools(figure, "failed");
    tell(figure, error.message || text("chart-failed"), () => {
      figure.dataset.state = "loading";
      mount(figure);
    });
    return;
  }
  if (!figure.isConnected) return;
  if (!data[SERIES[figure.dataset.chart]]?.length) {
    hideTools(figure, "empty");
    tell(figure, text("no-data"));
    return;
  }
  const handle = DRAW[figure.dataset.chart](figure.querySelector("[data-chart-box]"), { data });
  figure.dataset.state = "ready";
  figure.querySelector(".chart-tools").hidden = false;
  figure.querySelector("[data-chart-table]").hidden = false;
  const candles = figure.dataset.chart === "candles";
  const total = data.total ?? handle.rows.length;
  const spans = candles ? spansOf(handle, total) : [];
  const onSettled = () => sayMerged(figure, handle, detail);
  const detail = candles ? new Detail(handle, { data, url: figure.dataset.url, onSettled }) : null;
  addSpans(figure, handle, spans);
  handle.onChoice = () => markRange(figure, handle);
  showFirst(figure, handle, spans, total);
  bindTools(figure, handle);
  bindKeys(figure, handle);
  handles.set(figure, { handle, release: follow(figure, handle, detail) });
  if (detail) sayMerged(figure, handle, detail);
  figure.dispatchEvent(new CustomEvent("lab:chart", { bubbles: true, detail: { handle, data } }));
}

/** The handle of a drawn figure, null while it loads. */
export function handleOf(figure) {
  return handles.get(figure)?.handle ?? null;
}

export function mountAll(root) {
  for (const [figure, entry] of handles) {
    if (figure.isConnected) continue;
    entry?.release();
    handles.delete(figure);
  }
  const figures = root.matches?.("[data-chart]") ? [root] : [...root.querySelectorAll("[data-chart]")];
  figures.filter((figure) => !handles.has(figure) && DRAW[figure.dataset.chart]).forEach(mount);
}
