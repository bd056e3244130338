// Rows that can be selected: a head box for all, a bar that shows how many.
import { text } from "./texts.js";

function update(table) {
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox][name]")];
  const chosen = boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.closest("tr").classList.toggle("is-selected", box.checked));
  const all = table.querySelector("[data-select-all]");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  const bar = table.dataset.selectBar && document.querySelector(table.dataset.selectBar);
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  const count = bar.querySelector("[data-select-count]");
  if (count) count.textContent = text("selected", { count: chosen.length });
  bar.querySelectorAll("[data-select-min], [data-select-max]").forEach((button) => {
    const least = Number(button.dataset.selectMin ?? 1);
    const most = Number(button.dataset.selectMax ?? Infinity);
    button.disabled = chosen.length < least || chosen.length > most;
  });
}

export function startTables() {
  document.addEventListener("change", (event) => {
    const table = event.target.closest("[data-select-rows]");
    if (!table) return;
    if (event.target.matches("[data-select-all]")) {
      table.querySelectorAll("tbody input[type=checkbox][name]").forEach((box) => {
        box.checked = event.target.checked;
      });
    }
    update(table);
  });
  const prepare = (root) => root.querySelectorAll("[data-select-rows]").forEach(update);
  prepare(document);
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
}
