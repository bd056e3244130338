// One figure over two axes as a heat map, or over one axis as a line, with a cursor for mouse and keyboard.
import { savePicture } from "./chart-parts.js";
import { faded } from "./chart-theme.js";
import { axisStyle, colours, init, tooltipStyle } from "./echarts-theme.js";
import { drawMapTable } from "./map-table.js";
import { compact, fixed, percent } from "./numbers.js";
import { text } from "./texts.js";

const NOTHING = 0.35;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** How a figure of a unit is printed. */
export function formatter(unit, { signed = false } = {}) {
  if (unit === "fraction") return (value) => percent(value, { signed });
  if (unit === "money") return (value) => fixed(value, 2);
  if (unit === "count") return (value) => fixed(value, 0);
  return (value) => fixed(value, 2);
}

function element(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

export class SweepMap {
  constructor(figure, { onChoose }) {
    this.figure = figure;
    this.box = figure.querySelector("[data-map-box]");
    this.onChoose = onChoose;
    this.marked = null;
    this.cursor = null;
    this.chart = init(this.box, null, { renderer: "canvas" });
    this.chart.on("click", (event) => this.choose(this.indexOf(event)));
    this.observer = new ResizeObserver(() => this.chart.resize());
    this.observer.observe(this.box);
    this.onTheme = () => this.draw();
    document.addEventListener("lab:theme", this.onTheme);
    this.box.addEventListener("keydown", (event) => this.press(event));
    this.figure.querySelector("[data-map-table]").addEventListener("toggle", () => this.drawTable());
  }

  setData(data) {
    this.data = data;
    this.width = data.x.values.length;
    this.height = data.y ? data.y.values.length : 1;
    this.format = formatter(data.unit, { signed: data.centre === 0 && data.unit === "fraction" });
    this.squares = [];
    for (let y = 0; y < this.height; y += 1) {
      for (let x = 0; x < this.width; x += 1) {
        if (data.cells[y][x] !== null) this.squares.push([x, y, data.values[y][x], data.cells[y][x], data.counts[y][x]]);
      }
    }
    this.empty = this.squares.flatMap((square, index) => (square[2] === null ? [index] : []));
    this.at = new Map(this.squares.map((square, index) => [square[1] * this.width + square[0], index]));
    this.draw();
    this.drawTable();
  }

  /** Shows which combination stands beside the map. */
  mark(cell) {
    this.marked = cell;
    if (this.data) this.draw();
  }

  /** Which square an event is about: those without a value are a series of their own. */
  indexOf(event) {
    return event.seriesIndex === 1 && this.data.y ? this.empty[event.dataIndex] : event.dataIndex;
  }

  range() {
    const { low, high, centre } = this.data;
    const { diverging, sequential } = this.shades;
    if (low === null) return { min: 0, max: 1, tints: sequential };
    if (centre === null || centre === undefined) {
      return { min: low, max: high > low ? high : low + Math.abs(low || 1) * 1e-9, tints: sequential };
    }
    // All on one side of the middle: the whole range gets that side's colours, so that its shape can be seen.
    const half = (diverging.length - 1) / 2;
    if (low > centre && high > low) return { min: low, max: high, tints: diverging.slice(half + 1) };
    if (high < centre && high > low) return { min: low, max: high, tints: diverging.slice(0, half) };
    const reach = Math.max(Math.abs(low - centre), Math.abs(high - centre)) || 1e-9;
    return { min: centre - reach, max: centre + reach, tints: diverging };
  }

  draw() {
    const shades = colours();
    this.shades = shades;
    const option = this.data.y ? this.mapOption(shades) : this.lineOption(shades);
    this.chart.setOption({ animation: false, textStyle: { fontFamily: shades.font }, ...option }, { notMerge: true });
    this.drawLegend();
  }

  base(shades) {
    const { x } = this.data;
    const style = axisStyle(shades);
    const name = (side) => (side.unit ? `${side.label} (${side.unit})` : side.label);
    return {
      style,
      name,
      aria: { enabled: true, label: { description: `${this.data.label}: ${name(x)}` } },
      tooltip: { ...tooltipStyle(shades), trigger: "item", formatter: (event) => this.tip(this.indexOf(event)) },
      xAxis: {
        ...style, type: "category", data: x.texts, name: name(x), nameLocation: "middle", nameGap: 30,
        axisLabel: { ...style.axisLabel, hideOverlap: true }, splitLine: { show: false },
      },
    };
  }

  mapOption(shades) {
    const { style, name, aria, tooltip, xAxis } = this.base(shades);
    const { y } = this.data;
    const { min, max, tints } = this.range();
    const known = this.squares.map(([x, row, value]) => [x, row, value === null ? "-" : Math.min(max, Math.max(min, value))]);
    const roomy = this.width * this.height <= 2500;
    return {
      aria,
      tooltip,
      grid: { left: 12, right: 12, top: 28, bottom: 44, containLabel: true, outerBoundsMode: "none" },
      xAxis,
      yAxis: {
        ...style, type: "category", data: y.texts, name: name(y), nameLocation: "end", nameGap: 10,
        nameTextStyle: { ...style.nameTextStyle, align: "left" }, splitLine: { show: false },
        axisLabel: { ...style.axisLabel, hideOverlap: true },
      },
      visualMap: { show: false, type: "continuous", min, max, seriesIndex: 0, inRange: { color: tints } },
      series: [
        {
          type: "heatmap", data: known, progressive: 0,
          itemStyle: { borderWidth: roomy ? 1 : 0, borderColor: shades.surface },
          emphasis: { itemStyle: { borderColor: shades.text, borderWidth: 2 } },
        },
        {
          type: "heatmap", data: this.empty.map((index) => [...this.squares[index].slice(0, 2), 0]), progressive: 0,
          itemStyle: { color: faded(shades["line-strong"], NOTHING), borderWidth: roomy ? 1 : 0, borderColor: shades.surface },
        },
        this.pointer(shades),
      ],
    };
  }

  lineOption(shades) {
    const { style, aria, tooltip, xAxis } = this.base(shades);
    const { centre } = this.data;
    const points = this.squares.map(([x, , value]) => [x, value ?? "-"]);
    return {
      aria,
      tooltip,
      grid: { left: 12, right: 20, top: 24, bottom: 44, containLabel: true, outerBoundsMode: "none" },
      xAxis,
      yAxis: {
        ...style, type: "value", scale: true, name: this.data.label, nameLocation: "end",
        nameTextStyle: { ...style.nameTextStyle, align: "left" },
        axisLabel: { ...style.axisLabel, formatter: (value) => this.tick(value) },
      },
      series: [
        {
          type: "line", data: points, symbol: "circle", symbolSize: this.width > 120 ? 4 : 7, connectNulls: false,
          lineStyle: { color: shades["chart-strategy"], width: 2 }, itemStyle: { color: shades["chart-strategy"] },
          markLine: typeof centre === "number"
            ? { silent: true, symbol: "none", label: { show: false }, data: [{ yAxis: centre }], lineStyle: { color: shades["line-strong"], type: "dashed" } }
            : undefined,
        },
        this.pointer(shades),
      ],
    };
  }

  tick(value) {
    const { unit, low, high } = this.data;
    if (unit === "money") return compact(value);
    return unit === "fraction" && high - low > 0.1 ? percent(value, { places: 0 }) : this.format(value);
  }

  // The square of the chosen combination, as a ring that every colour of the map lets through.
  pointer(shades) {
    const square = this.squares.find((entry) => entry[3] === this.marked);
    const data = square && square[2] !== null ? [[square[0], this.data.y ? square[1] : square[2]]] : [];
    return {
      type: "scatter", data, silent: true, symbol: "circle", symbolSize: 15, z: 5, tooltip: { show: false },
      itemStyle: { color: "transparent", borderColor: "#fff", borderWidth: 3, shadowColor: "#000", shadowBlur: 5 },
    };
  }

  words(index) {
    const [x, y, value, cell, count] = this.squares[index];
    const { data } = this;
    const places = [`${data.x.label} ${data.x.texts[x]}`];
    if (data.y) places.push(`${data.y.label} ${data.y.texts[y]}`);
    return { value: value === null ? text("map-none") : this.format(value), places, cell, count };
  }

  tip(index) {
    const { value, places, count, cell } = this.words(index);
    const made = element("div", "map-tip");
    made.append(element("div", "", `${this.data.label} `), ...places.map((words) => element("div", "", words)));
    made.firstChild.append(element("b", "", value));
    if (count > 1) made.append(element("div", "muted", text("map-of", { count })));
    made.append(element("div", "muted", text("map-open", { cell })));
    return made;
  }

  drawLegend() {
    const place = this.figure.querySelector("[data-map-legend]");
    const { data } = this;
    if (!data.y || data.low === null) {
      place.replaceChildren();
    } else {
      const { min, max, tints } = this.range();
      const scale = element("span", "map-scale");
      const strip = document.createElement("canvas");
      strip.width = 144;
      strip.height = 10;
      const paint = strip.getContext("2d");
      const blend = paint.createLinearGradient(0, 0, strip.width, 0);
      tints.forEach((tint, position) => blend.addColorStop(position / (tints.length - 1), tint));
      paint.fillStyle = blend;
      paint.fillRect(0, 0, strip.width, strip.height);
      scale.append(this.format(min), strip, this.format(max));
      const empty = element("span", "key");
      const swatch = element("span", "swatch map-empty");
      swatch.style.backgroundColor = faded(this.shades["line-strong"], NOTHING);
      swatch.style.height = "0.625rem";
      empty.append(swatch, text("map-none"));
      place.replaceChildren(element("span", "key", data.label), scale, empty);
    }
    this.figure.querySelector("[data-map-title]").textContent = data.label;
    this.figure.querySelector("[data-map-sides]").textContent = data.y ? `${data.x.label} × ${data.y.label}` : data.x.label;
    this.figure.querySelector("[data-map-note]").textContent =
      text(data.y ? "map-note" : "map-line-note") + (data.x.binned || data.y?.binned ? ` ${text("map-binned")}` : "");
  }

  /** Read out where the arrow keys have led. */
  tell(index) {
    const { value, places } = this.words(index);
    document.getElementById("live").textContent = `${places.join(", ")}: ${value}`;
  }

  choose(index) {
    const square = this.squares[index];
    if (square) this.onChoose(square[3]);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.data) return;
    if (event.key === "Enter" && this.cursor !== null) {
      event.preventDefault();
      this.choose(this.cursor);
      return;
    }
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const now = this.squares[this.cursor ?? this.squares.findIndex((square) => square[3] === this.marked)] ?? this.squares[0];
    const next = this.at.get((now[1] + (this.data.y ? step[1] : 0)) * this.width + now[0] + step[0]);
    const inside = now[0] + step[0] >= 0 && now[0] + step[0] < this.width;
    if (next !== undefined && inside) this.cursor = next;
    this.cursor ??= this.squares.indexOf(now);
    this.chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: this.cursor });
    this.tell(this.cursor);
  }

  drawTable() {
    const details = this.figure.querySelector("[data-map-table]");
    if (details.open && this.data) {
      drawMapTable(details.querySelector(".table-wrap"), this.data, this.format, this.onChoose);
    }
  }

  savePicture() {
    const { data } = this;
    const screenshot = () => this.chart.renderToCanvas({ pixelRatio: window.devicePixelRatio || 1 });
    const sides = data.y ? `${data.x.label}, ${data.y.label}` : data.x.label;
    savePicture({ screenshot, colours: this.shades, columns: [] }, `${data.label}: ${sides}`);
  }

  destroy() {
    document.removeEventListener("lab:theme", this.onTheme);
    this.observer.disconnect();
    this.chart.dispose();
  }
}
