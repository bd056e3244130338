// The values of a map as a table whose numbers are buttons: whoever cannot see the colours reads and chooses here.
import { spread } from "./chart-data.js";
import { text } from "./texts.js";

const MOST_ROWS = 40;
const MOST_COLUMNS = 30;

function head(content, scope) {
  const cell = document.createElement("th");
  cell.scope = scope;
  cell.className = "num";
  cell.textContent = content;
  return cell;
}

/** Fills the wrap; long sides are shown at evenly spaced values, and the caption says so. */
export function drawMapTable(wrap, data, format, onChoose) {
  const columns = spread(data.x.values.length, MOST_COLUMNS);
  const rows = data.y ? spread(data.y.values.length, MOST_ROWS).reverse() : [0];
  const table = document.createElement("table");
  table.className = "table table-dense";
  const total = data.x.values.length * (data.y ? data.y.values.length : 1);
  table.createCaption().textContent = `${data.label}. ${text("rows", { shown: rows.length * columns.length, total })}`;
  const top = table.createTHead().insertRow();
  top.append(head(data.y ? `${data.y.label} / ${data.x.label}` : data.x.label, "col"));
  columns.forEach((x) => top.append(head(data.x.texts[x], "col")));
  const body = table.createTBody();
  rows.forEach((y) => {
    const line = body.insertRow();
    line.append(head(data.y ? data.y.texts[y] : data.label, "row"));
    columns.forEach((x) => {
      const cell = line.insertCell();
      cell.className = "num";
      if (data.cells[y][x] === null) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "map-value";
      button.textContent = data.values[y][x] === null ? text("map-none") : format(data.values[y][x]);
      button.addEventListener("click", () => onChoose(data.cells[y][x]));
      cell.append(button);
    });
  });
  wrap.replaceChildren(table);
}
