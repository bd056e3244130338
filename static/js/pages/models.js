// The pages of models: draws every [data-curve] figure from the answer of its data-url, which several share.
import { getJson } from "../lib/csrf.js";
import { CurveChart } from "../lib/curves.js";
import { text } from "../lib/texts.js";

const drawn = new Map();

function fail(figure, words) {
  const place = figure.querySelector("[data-curve-error]");
  figure.dataset.state = "failed";
  place.hidden = false;
  place.textContent = words;
}

function draw(figure, curves) {
  const drawing = curves[figure.dataset.curve];
  if (!figure.isConnected) return;
  if (!drawing) {
    fail(figure, text("no-data"));
    return;
  }
  figure.dataset.state = "ready";
  drawn.set(figure, new CurveChart(figure, drawing));
  figure.querySelector("[data-curve-png]").addEventListener("click", () => drawn.get(figure)?.save());
}

async function mount(root) {
  drawn.forEach((chart, figure) => {
    if (chart?.connected !== false) return;
    chart.destroy();
    drawn.delete(figure);
  });
  const found = root.matches?.("[data-curve]") ? [root] : [...root.querySelectorAll("[data-curve]")];
  const figures = found.filter((figure) => !drawn.has(figure));
  figures.forEach((figure) => drawn.set(figure, null));
  const urls = new Set(figures.map((figure) => figure.dataset.url));
  await Promise.all([...urls].map(async (url) => {
    const mine = figures.filter((figure) => figure.dataset.url === url);
    try {
      const { curves } = await getJson(url);
      mine.forEach((figure) => draw(figure, curves));
    } catch (error) {
      mine.forEach((figure) => fail(figure, error.message || text("chart-failed")));
    }
  }));
}

mount(document);
document.addEventListener("htmx:load", (event) => mount(event.detail.elt));
