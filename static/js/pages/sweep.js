// The page of a sweep: its map, and the combination that was chosen on the map or in the table.
import { getJson } from "../lib/csrf.js";
import { SweepMap } from "../lib/sweep-map.js";
import { text } from "../lib/texts.js";

let map = null;

function showCell(number) {
  const figure = document.querySelector("[data-sweep-map]");
  const url = figure.dataset.cellUrl.replace(/cells\/0\/$/, `cells/${number}/`);
  const panel = document.getElementById("cell");
  window.htmx.ajax("GET", url, { target: panel, swap: "innerHTML" }).then(() => {
    markRow(number);
    // On a phone the panel lies below the map: bring it into sight, without stealing the focus.
    const { top, bottom } = panel.getBoundingClientRect();
    if (top > window.innerHeight || bottom < 0) panel.scrollIntoView({ block: "nearest" });
    const heading = panel.querySelector("h2");
    document.getElementById("live").textContent = heading ? heading.textContent : "";
  });
  map?.mark(number);
}

function markRow(number) {
  document.querySelectorAll("[data-show-cell]").forEach((link) => {
    if (link.dataset.showCell === String(number)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}

function queryOf(form) {
  const data = new FormData(form);
  const query = new URLSearchParams();
  const sides = [data.get("x"), data.get("y") ?? ""];
  query.set("metric", data.get("metric"));
  query.set("x", sides[0]);
  query.set("y", sides[1] === sides[0] ? "" : sides[1]);
  if (data.get("how")) query.set("how", data.get("how"));
  data.getAll("at").filter((value) => value && !sides.includes(value.replace(/:\d+$/, ""))).forEach((value) => query.append("at", value));
  return query;
}

// Axes that are no side of the map are offered to be held at one value; what is not held is summed up.
function showControls(figure) {
  const form = figure.querySelector("[data-map-controls]");
  const sides = [form.elements.x.value, form.elements.y?.value];
  let summed = false;
  form.querySelectorAll("[data-map-other]").forEach((label) => {
    label.hidden = sides.includes(label.dataset.mapOther);
    summed ||= !label.hidden && label.querySelector("select").value === "";
  });
  const how = form.querySelector("[data-map-how]");
  const binned = form.querySelectorAll("[data-map-other]").length > 0 && figure.dataset.binned === "true";
  if (how) how.hidden = !summed && !binned;
}

function fail(figure, words) {
  const place = figure.querySelector("[data-map-error]");
  figure.dataset.state = "failed";
  place.hidden = false;
  place.textContent = words;
}

let turn = 0;

async function load(figure) {
  const form = figure.querySelector("[data-map-controls]");
  const query = queryOf(form);
  const mine = ++turn;
  figure.querySelector("[data-map-csv]").href = `${figure.dataset.csvUrl}?${query}`;
  try {
    const data = await getJson(`${figure.dataset.url}?${query}`);
    if (mine !== turn || !figure.isConnected) return;
    figure.dataset.binned = String(data.x.binned || Boolean(data.y?.binned));
    figure.querySelector("[data-map-error]").hidden = true;
    figure.dataset.state = "ready";
    showControls(figure);
    map ??= new SweepMap(figure, { onChoose: showCell });
    map.setData(data);
    const chosen = document.querySelector("#cell [data-cell]");
    if (chosen) map.mark(Number(chosen.dataset.cell));
  } catch (error) {
    if (mine === turn) fail(figure, error.message || text("chart-failed"));
  }
}

function mount(root) {
  const figure = root.matches?.("[data-sweep-map]") ? root : root.querySelector?.("[data-sweep-map]");
  if (!figure || figure.dataset.mounted) return;
  figure.dataset.mounted = "1";
  map?.destroy();
  map = null;
  const form = figure.querySelector("[data-map-controls]");
  form.addEventListener("change", (event) => {
    const { x, y } = form.elements;
    // Choosing the other side's axis swaps the two.
    if (y && x.value === y.value) {
      const other = event.target === x ? y : x;
      other.value = figure.dataset[event.target === x ? "lastX" : "lastY"] ?? "";
    }
    figure.dataset.lastX = x.value;
    figure.dataset.lastY = y?.value ?? "";
    showControls(figure);
    load(figure);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  figure.dataset.lastX = form.elements.x.value;
  figure.dataset.lastY = form.elements.y?.value ?? "";
  figure.querySelector("[data-map-png]").addEventListener("click", () => map?.savePicture());
  showControls(figure);
  load(figure);
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("#cells tbody tr");
  const link = row?.querySelector("[data-show-cell]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showCell(Number(link.dataset.showCell));
});
mount(document);
document.addEventListener("htmx:load", (event) => mount(event.detail.elt));
