// Draws every [data-chart] figure of the page; templates/components/chart.html makes them.
import { drawLegend, drawTable, savePicture } from "./chart-parts.js";
import { Group } from "./chart-sync.js";
import { candleChart, drawdownChart, lineChart } from "./charts.js";
import { getJson } from "./csrf.js";
import { text } from "./texts.js";

const DRAW = { candles: candleChart, equity: lineChart, drawdown: drawdownChart };
const SERIES = { candles: "bars", equity: "equity", drawdown: "drawdown" };
const FIRST_BARS = 220;
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

function fail(figure, words, { again }) {
  figure.dataset.state = again ? "failed" : "empty";
  const place = figure.querySelector("[data-chart-error]");
  place.hidden = false;
  place.textContent = words;
  figure.querySelector("[data-chart-table]").hidden = true;
  figure.querySelector(".chart-tools").hidden = true;
  if (!again) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-tool";
  button.textContent = text("try-again");
  button.addEventListener("click", () => {
    place.hidden = true;
    figure.dataset.state = "loading";
    mount(figure);
  });
  place.append(" ", button);
}

function showFirst(figure, handle) {
  const { rows } = handle;
  const whole = figure.dataset.chart !== "candles" || figure.dataset.range === "all" || figure.dataset.sync;
  if (whole || rows.length <= FIRST_BARS) handle.fit();
  else handle.chart.timeScale().setVisibleLogicalRange({ from: rows.length - FIRST_BARS, to: rows.length + 3 });
}

function addSpans(figure, handle) {
  const { rows } = handle;
  const end = rows[rows.length - 1][0];
  const length = end - rows[0][0];
  const step = length / Math.max(rows.length - 1, 1);
  const fitting = SPANS.filter(([, span]) => span < length && span / step >= 15);
  const tools = figure.querySelector(".chart-tools");
  const all = tools.querySelector("[data-chart-fit]");
  fitting.slice(-4).forEach(([label, span]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-tool";
    button.textContent = label;
    button.addEventListener("click", () => {
      handle.lead?.();
      handle.zoomTo(end - span, end);
    });
    tools.insertBefore(button, all);
  });
}

function bindTools(figure, handle) {
  figure.querySelector("[data-chart-fit]")?.addEventListener("click", () => {
    handle.lead?.();
    handle.fit();
  });
  figure.querySelector("[data-chart-scale]")?.addEventListener("click", (event) => {
    const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(on));
    handle.setLogarithmic(on);
  });
  const title = figure.querySelector(".chart-title").textContent.trim();
  figure.querySelector("[data-chart-png]")?.addEventListener("click", () => savePicture(handle, title));
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

function follow(figure, handle) {
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
    handle.destroy();
  };
}

async function mount(figure) {
  handles.set(figure, null);
  let data;
  try {
    data = await load(figure);
  } catch (error) {
    fail(figure, error.message || text("chart-failed"), { again: true });
    return;
  }
  if (!figure.isConnected) return;
  if (!data[SERIES[figure.dataset.chart]]?.length) {
    fail(figure, text("no-data"), { again: false });
    return;
  }
  const handle = DRAW[figure.dataset.chart](figure.querySelector("[data-chart-box]"), { data });
  figure.dataset.state = "ready";
  figure.querySelector(".chart-tools").hidden = false;
  figure.querySelector("[data-chart-table]").hidden = false;
  showFirst(figure, handle);
  bindTools(figure, handle);
  if (figure.dataset.chart === "candles") addSpans(figure, handle);
  bindKeys(figure, handle);
  handles.set(figure, { handle, release: follow(figure, handle) });
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
