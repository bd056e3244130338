// A press on a trade shows it on the candles: the trade with as much room around it as it is long.
import { handleOf } from "../lib/mount.js";

const LEAST_DAYS = 20;
const DAY = 86400;

function showTrade(row) {
  const figure = document.getElementById("candles-chart");
  const handle = figure && handleOf(figure);
  if (!handle) return;
  const [from, to] = [row.dataset.from, row.dataset.to].map((text) => Date.parse(text) / 1000);
  const bar = handle.rows.length > 1 ? handle.rows[1][0] - handle.rows[0][0] : DAY;
  const room = Math.max(to - from, LEAST_DAYS * bar);
  const first = handle.rows[0][0];
  const last = handle.rows[handle.rows.length - 1][0];
  handle.zoomTo(Math.max(first, from - room), Math.min(last, to + room));
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  figure.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-show-trade]")?.closest("tr");
  if (row) showTrade(row);
});
