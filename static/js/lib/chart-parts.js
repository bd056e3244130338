// What stands around a chart: the legend line, the table of values, the picture.
import { indexAt, spread } from "./chart-data.js";
import { isoTime, percent } from "./numbers.js";
import { text } from "./texts.js";

const TABLE_ROWS = 60;

function entry(label, value, colour) {
  const item = document.createElement("span");
  item.className = "key";
  if (colour) {
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.backgroundColor = colour;
    item.append(swatch);
  }
  const number = document.createElement("b");
  number.textContent = value;
  item.append(label ? `${label} ` : "", number);
  return item;
}

/** Prints the values at a time; where it is null the last ones, of candles the last in sight. */
export function drawLegend(place, handle, time = null) {
  const { rows, columns } = handle;
  const newest = () => (handle.setBars ? handle.inSight()[1] : rows.length - 1);
  const index = time === null ? newest() : indexAt(rows, time);
  const row = rows[index];
  if (!row) return;
  const parts = [entry("", isoTime(row[0], handle.intraday))];
  columns.forEach((column, position) => {
    parts.push(entry(column.label, column.format(row[position + 1]), column.colour?.(handle.colours)));
    if (handle.changes && position === 3 && index > 0) {
      const change = row[4] / rows[index - 1][4] - 1;
      const item = entry(text("change"), percent(change, { signed: true }));
      item.lastChild.className = change < 0 ? "loss" : "gain";
      parts.push(item);
    }
  });
  const merged = handle.barsIn?.(index) ?? 1;
  if (merged > 1) parts.push(entry("", text("merged-row", { count: merged })));
  const note = handle.noteAt?.(row[0]);
  if (note) parts.push(entry("", note));
  place.replaceChildren(...parts);
}

function cell(tag, content, { number = false } = {}) {
  const element = document.createElement(tag);
  element.textContent = content;
  if (number) element.className = "num";
  if (tag === "th") element.scope = "col";
  return element;
}

/** Fills the wrap with a table of evenly spaced rows, newest first: all of a line's, those in sight of candles. */
export function drawTable(wrap, handle) {
  const { columns } = handle;
  const [first, last] = handle.setBars ? handle.inSight() : [0, handle.rows.length - 1];
  const rows = handle.rows.slice(first, last + 1);
  const merged = handle.barsIn ? Math.max(handle.barsIn(first), handle.barsIn(last)) : 1;
  const chosen = spread(rows.length, TABLE_ROWS).reverse();
  const table = document.createElement("table");
  table.className = "table";
  const count = text(handle.setBars ? "rows-in-sight" : "rows", { shown: chosen.length, total: rows.length });
  const made = merged > 1 ? ` ${text("merged-rows", { count: merged })}` : "";
  table.createCaption().textContent = count + made;
  const head = table.createTHead().insertRow();
  head.append(cell("th", text("time")), ...columns.map((column) => cell("th", column.label, { number: true })));
  const body = table.createTBody();
  chosen.forEach((index) => {
    const row = rows[index];
    body.insertRow().append(
      cell("td", isoTime(row[0], handle.intraday)),
      ...columns.map((column, position) => cell("td", column.format(row[position + 1]), { number: true })),
    );
  });
  wrap.replaceChildren(table);
}

/** Saves the chart with its title as a PNG file. */
export function savePicture(handle, title) {
  const shot = handle.screenshot();
  const scale = window.devicePixelRatio || 1;
  const band = 28 * scale;
  const canvas = document.createElement("canvas");
  canvas.width = shot.width;
  canvas.height = shot.height + band;
  const context = canvas.getContext("2d");
  context.fillStyle = handle.colours.surface;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = handle.colours.text;
  context.font = `600 ${13 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(title, 8 * scale, 19 * scale);
  let left = 8 * scale + context.measureText(title).width + 20 * scale;
  context.font = `${11 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  handle.columns.filter((column) => column.colour).forEach((column) => {
    context.fillStyle = column.colour(handle.colours);
    context.fillRect(left, 14 * scale, 12 * scale, 3 * scale);
    context.fillStyle = handle.colours.muted;
    context.fillText(column.label, left + 17 * scale, 19 * scale);
    left += context.measureText(column.label).width + 33 * scale;
  });
  context.drawImage(shot, 0, band);
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").toLowerCase()}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
