// Curves over two numbers: ROC, precision and recall, calibration, margins. Drawn with Apache ECharts from what
// mlmodels/presentation/curves.py says: {x, y: {label, unit, min, max}, lines: [{label, tone, points, dashed, dots,
// extra}], intervals, zero, square}.
import { savePicture } from "./chart-parts.js";
import { axisStyle, init, tooltipStyle } from "./echarts-theme.js";
import { palette } from "./chart-theme.js";
import { fixed, percent } from "./numbers.js";

const NAMES = ["surface", "line", "line-strong", "text", "text-2", "muted", "chart-grid", "chart-text"];

function shades() {
  const style = getComputedStyle(document.documentElement);
  return { ...palette(), ...Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) };
}

function printed(value, unit, places) {
  if (unit === "percent") return percent(value, { places: places ?? 1 });
  if (unit === "integer") return fixed(value, 0);
  return fixed(value, places ?? 3);
}

function element(tag, name, ...content) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...content);
  return made;
}

export class CurveChart {
  constructor(figure, drawing) {
    this.figure = figure;
    this.drawing = drawing;
    this.chart = init(figure.querySelector("[data-curve-box]"), null, { renderer: "canvas" });
    this.draw();
    this.observer = new ResizeObserver(() => this.chart.resize());
    this.observer.observe(figure.querySelector("[data-curve-box]"));
    this.onTheme = () => this.draw();
    document.addEventListener("lab:theme", this.onTheme);
  }

  get connected() {
    return this.figure.isConnected;
  }

  draw() {
    this.colours = shades();
    this.chart.setOption(this.option(), true);
    this.drawLegend();
  }

  axis(side) {
    const style = axisStyle(this.colours);
    const reached = this.drawing.lines.flatMap((line) => line.points.map((point) => point[side === "x" ? 0 : 1]));
    const places = Math.max(...reached) - Math.min(...reached) > 0.05 ? 0 : 1;
    const { label, unit, min, max } = this.drawing[side];
    const narrow = this.figure.clientWidth < 460;
    return {
      ...style,
      type: "value",
      name: label,
      nameLocation: side === "x" ? "middle" : "end",
      nameGap: side === "x" ? 26 : 10,
      nameTextStyle: { ...style.nameTextStyle, align: side === "x" ? "center" : "left", fontSize: narrow ? 11 : 12 },
      min: min ?? undefined,
      max: max ?? undefined,
      scale: min === null,
      splitNumber: narrow ? 4 : 5,
      interval: min === 0 && max === 1 ? 0.25 : undefined,
      axisLine: { ...style.axisLine, onZero: false },
      // The ends of a scale that follows the data are no round numbers.
      axisLabel: {
        ...style.axisLabel,
        showMinLabel: min === null || min === 0 ? undefined : false,
        showMaxLabel: max === null || max === 1 ? undefined : false,
        formatter: (value) => printed(value, unit, unit === "percent" ? places : 2),
      },
    };
  }

  series() {
    const { colours, drawing } = this;
    const lines = drawing.lines.map((line) => ({
      name: line.label,
      type: "line",
      data: line.points.map(([x, y]) => [x, y ?? "-"]),
      showSymbol: Boolean(line.dots),
      symbol: "circle",
      symbolSize: 6,
      silent: Boolean(line.dashed),
      z: line.dashed ? 2 : 4,
      lineStyle: { color: colours[line.tone], width: line.dashed ? 1.25 : 2, type: line.dashed ? "dashed" : "solid" },
      itemStyle: { color: colours[line.tone] },
    }));
    if (drawing.intervals?.points.length) {
      lines.unshift({
        name: drawing.intervals.label,
        type: "line",
        // A break after each interval: one series draws them all.
        data: drawing.intervals.points.flatMap(([x, low, high]) => [[x, low], [x, high], [x, "-"]]),
        symbol: "rect",
        symbolSize: [9, 1.5],
        showSymbol: true,
        silent: true,
        z: 3,
        lineStyle: { color: colours["chart-strategy"], width: 1.5, opacity: 0.55 },
        itemStyle: { color: colours["chart-strategy"], opacity: 0.55 },
      });
    }
    return lines;
  }

  option() {
    const { colours, drawing } = this;
    const series = this.series();
    if (drawing.zero) {
      series[0].markLine = {
        silent: true, symbol: "none", label: { show: false }, data: [{ yAxis: 0 }],
        lineStyle: { color: colours["line-strong"], type: "solid", width: 1 },
      };
    }
    return {
      animation: false,
      aria: { enabled: false },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 4, right: 14, top: 30, bottom: 28, containLabel: true },
      tooltip: {
        ...tooltipStyle(colours),
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: colours.muted } },
        formatter: (found) => this.tip(found),
      },
      xAxis: this.axis("x"),
      yAxis: this.axis("y"),
      series,
    };
  }

  tip(found) {
    const box = element("div", "curve-tip");
    found.forEach(({ seriesName, dataIndex, data }) => {
      const line = this.drawing.lines.find((one) => one.label === seriesName);
      if (!line || line.dashed || data[1] === "-") return;
      const { x, y } = this.drawing;
      const row = element("div", "", element("b", "", printed(data[1], y.unit)), ` ${y.label}`);
      box.append(element("div", "muted", seriesName), row, element("div", "", element("b", "", printed(data[0], x.unit)), ` ${x.label}`));
      const extra = line.points[dataIndex]?.[2];
      if (line.extra && extra !== null && extra !== undefined && extra <= 1e9) {
        box.append(element("div", "", line.extra_unit ? "" : `${line.extra} `, element("b", "", printed(extra, line.extra_unit ?? "ratio")), line.extra_unit ? ` ${line.extra}` : ""));
      }
    });
    return box.childElementCount ? box : "";
  }

  drawLegend() {
    const keys = this.drawing.lines.map((line) => {
      const swatch = element("span", `swatch${line.dashed ? " swatch-dashed" : ""}`);
      swatch.style.backgroundColor = line.dashed ? "transparent" : this.colours[line.tone];
      if (line.dashed) swatch.style.borderTopColor = this.colours[line.tone];
      return element("span", "key", swatch, line.label);
    });
    this.figure.querySelector("[data-curve-legend]").replaceChildren(...keys);
  }

  save() {
    const screenshot = () => this.chart.renderToCanvas({ pixelRatio: window.devicePixelRatio || 1 });
    savePicture({ screenshot, colours: this.colours, columns: [] }, this.figure.querySelector(".chart-title").innerText.trim());
  }

  destroy() {
    document.removeEventListener("lab:theme", this.onTheme);
    this.observer.disconnect();
    this.chart.dispose();
  }
}
