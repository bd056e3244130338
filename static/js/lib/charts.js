// The charts of the product, drawn with Lightweight Charts. Each factory takes a box element and its data
// and returns a Chart handle. Times are seconds since 1970 in UTC.
import {
  BaselineSeries,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
} from "../../vendor/lightweight-charts-5.2.1/lightweight-charts.js";
import { alignTo, indexAt, isIntraday, knownAt, timesOf, withoutRepeats } from "./chart-data.js";
import { baseOptions, faded, overlayColour, palette, themeOptions } from "./chart-theme.js";
import { axisAmount, compact, fixed, percent, pricePlaces, seriesPlaces } from "./numbers.js";
import { text } from "./texts.js";

const LOGARITHMIC = 1;
const LINEAR = 0;

export class Chart {
  /** rows: [[time, ...], ...]; columns: [{label, format(value), colour(colours)}] describe row[1], row[2], ... */
  constructor(box, { rows, columns }) {
    this.box = box;
    this.rows = rows;
    this.columns = columns;
    this.colours = palette();
    this.intraday = isIntraday(rows);
    this.chart = createChart(box, baseOptions(this.colours, { intraday: this.intraday }));
    this.painted = [];
    this.asked = null;
    this.choose({});
    this.observer = new ResizeObserver(() => this.whole && this.chart.timeScale().fitContent());
    this.observer.observe(box);
    ["wheel", "pointermove", "touchmove"].forEach((kind) => {
      box.addEventListener(kind, (event) => (kind !== "pointermove" || event.buttons) && this.choose({}), { passive: true });
    });
    ["click", "auxclick"].forEach((kind) => box.addEventListener(kind, () => this.plainAttribution(), true));
  }

  /** Adds a series whose colours `style(colours)` follow the theme. */
  add(type, style, options = {}, pane = 0) {
    const series = this.chart.addSeries(type, { ...options, ...style(this.colours) }, pane);
    this.painted.push([series, style]);
    this.main ??= series;
    return series;
  }

  repaint() {
    this.colours = palette();
    this.chart.applyOptions(themeOptions(this.colours));
    this.painted.forEach(([series, style]) => series.applyOptions(style(this.colours)));
    this.afterRepaint?.();
  }

  // The library's link would tell this page's address to another site. The library makes it anew with each theme,
  // so it is put right at the moment it is used.
  plainAttribution() {
    const link = this.box.querySelector("#tv-attr-logo");
    if (!link) return;
    link.href = "https://www.tradingview.com/";
    link.rel = "noopener noreferrer";
  }

  /** The main value of the row at a time, for the crosshair of another chart. */
  valueAt(time) {
    const index = indexAt(this.rows, time);
    return index < 0 ? null : this.rows[index][this.mainColumn ?? 1];
  }

  /** Remembers what was asked to be in sight: everything, a period, the newest `span` seconds, or {} for a view moved by hand. */
  choose({ whole = false, period = null, span = null }) {
    Object.assign(this, { whole, period, span });
    this.onChoice?.();
  }

  /** Shows everything, and goes on doing so when the box changes its size. */
  fit() {
    this.choose({ whole: true });
    this.asked = null;
    this.chart.timeScale().fitContent();
  }

  zoomTo(from, to) {
    this.choose({ period: { from, to } });
    this.asked = null;
    this.chart.timeScale().setVisibleRange({ from, to });
  }

  zoomToNewest(span) {
    this.choose({ span });
    this.asked = null;
    this.chart.timeScale().setVisibleRange(this.wanted());
  }

  /** The times that should be in sight; null for a view moved by hand and for everything. */
  wanted() {
    const last = this.rows[this.rows.length - 1][0];
    return this.span ? { from: Math.max(last - this.span, this.rows[0][0]), to: last } : this.period;
  }

  /** The numbers of the first and the last row in sight. */
  inSight() {
    const range = this.chart.timeScale().getVisibleRange();
    if (!range) return [0, this.rows.length - 1];
    return [Math.max(indexAt(this.rows, range.from), 0), Math.max(indexAt(this.rows, range.to), 0)];
  }

  /** The rows that are in sight, or will be: the library moves with its next picture, and a key may come before that. */
  range() {
    return this.asked ?? this.chart.timeScale().getVisibleLogicalRange();
  }

  /** Brings rows, numbers with a fraction, into sight. */
  show(range) {
    this.asked = range;
    this.chart.timeScale().setVisibleLogicalRange(range);
    const drawn = () => {
      if (this.asked === range) this.asked = null;
    };
    requestAnimationFrame(() => requestAnimationFrame(drawn));
  }

  /** Moves by a part of the visible width, not beyond the data; positive is later. */
  pan(part) {
    const range = this.range();
    if (!range) return;
    this.choose({});
    const width = range.to - range.from;
    const from = Math.max(0, Math.min(range.from + width * part, this.rows.length - 1 - width));
    this.show({ from, to: from + width });
  }

  /** Shows `factor` times as much, at most everything. */
  zoom(factor) {
    const range = this.range();
    if (!range) return;
    const middle = (range.from + range.to) / 2;
    const half = Math.max(5, ((range.to - range.from) / 2) * factor);
    if (2 * half > this.rows.length) {
      this.fit();
      return;
    }
    this.choose({});
    this.show({ from: middle - half, to: middle + half });
  }

  setLogarithmic(on) {
    this.chart.priceScale("right").applyOptions({ mode: on ? LOGARITHMIC : LINEAR });
  }

  screenshot() {
    return this.chart.takeScreenshot();
  }

  destroy() {
    this.observer.disconnect();
    this.chart.remove();
  }
}

function points(rows, column = 1) {
  return rows.map((row) => (row[column] === null || row[column] === undefined
    ? { time: row[0] }
    : { time: row[0], value: row[column] }));
}

function addOverlays(handle, overlays) {
  const withOwnPane = overlays.some((overlay) => overlay.pane === "own");
  const lines = overlays.map((overlay, index) => {
    const own = overlay.pane === "own";
    return handle.add(
      LineSeries,
      (colours) => ({ color: overlayColour(colours, index) }),
      { lineWidth: own ? 1.5 : 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false },
      own ? 1 : 0,
    );
  });
  if (withOwnPane) {
    const panes = handle.chart.panes();
    panes[0].setStretchFactor(3);
    panes[1].setStretchFactor(1);
  }
  return lines;
}

function markerShapes(handle, markers) {
  return markers
    .map((marker) => {
      const time = handle.rows[Math.max(indexAt(handle.rows, marker.time), 0)][0];
      if (marker.kind === "model") {
        return { time, position: "aboveBar", shape: "square", color: handle.colours["chart-overlay-3"], size: 0.6 };
      }
      const buys = marker.side === "buy";
      const entry = marker.kind === "entry";
      return {
        time,
        position: buys ? "belowBar" : "aboveBar",
        shape: entry ? (buys ? "arrowUp" : "arrowDown") : "circle",
        color: handle.colours[buys ? "chart-up" : "chart-down"],
        size: entry ? 1 : 0.6,
      };
    })
    .sort((a, b) => a.time - b.time);
}

function drawMarkers(handle, markers) {
  if (!markers.length) return;
  if (handle.afterRepaint) handle.afterRepaint();
  else {
    const layer = createSeriesMarkers(handle.main, markerShapes(handle, markers));
    handle.afterRepaint = () => layer.setMarkers(markerShapes(handle, markers));
  }
  const notes = new Map();
  markers.forEach((marker) => {
    const row = handle.rows[Math.max(indexAt(handle.rows, marker.time), 0)];
    const words = marker.text || `${text(marker.kind)} ${fixed(marker.price, pricePlaces(marker.price))}`;
    notes.set(row[0], [...(notes.get(row[0]) ?? []), words]);
  });
  handle.noteAt = (time) => (notes.get(time) ?? []).join(" · ");
}

/**
 * Candles with volume, fills and indicators. data: {bars, markers, overlays}; see docs/frontend.md. The handle's
 * setBars(bars) draws other bars of the same period, with the same fills and indicators.
 */
export function candleChart(box, { data }) {
  const bars = withoutRepeats(data.bars);
  const overlays = (data.overlays ?? []).filter((overlay) => overlay.points.length);
  const rowsOf = (given) => {
    const aligned = overlays.map((overlay) => knownAt(given, overlay.points));
    return given.map((bar, index) => [...bar.slice(0, 6), ...aligned.map((values) => values[index])]);
  };
  const rows = rowsOf(bars);
  const places = seriesPlaces(bars.map((bar) => bar[4]));
  const asPrice = (value) => fixed(value, places);
  const columns = [
    ...["open", "high", "low", "close"].map((key) => ({ label: text(key), format: asPrice })),
    { label: text("volume"), format: compact },
    ...overlays.map((overlay, index) => ({
      label: overlay.name,
      format: overlay.pane === "own" ? (value) => fixed(value, 2) : asPrice,
      colour: (colours) => overlayColour(colours, index),
    })),
  ];
  const handle = new Chart(box, { rows, columns });
  handle.mainColumn = 4;
  handle.changes = true;
  const candles = handle.add(
    CandlestickSeries,
    (colours) => ({
      upColor: colours["chart-up"], wickUpColor: colours["chart-up"],
      downColor: colours["chart-down"], wickDownColor: colours["chart-down"],
    }),
    { borderVisible: false, priceLineVisible: false, priceFormat: { type: "price", precision: places, minMove: 10 ** -places } },
  );
  const hasVolume = rows.some((row) => row[5] > 0);
  let volume = null;
  if (hasVolume) {
    volume = handle.add(
      HistogramSeries,
      (colours) => ({ color: colours["chart-volume"] }),
      { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false },
    );
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  }
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: hasVolume ? 0.2 : 0.06 } });
  const lines = addOverlays(handle, overlays);
  const draw = () => {
    candles.setData(handle.rows.map(([time, open, high, low, close]) => ({ time, open, high, low, close })));
    volume?.setData(points(handle.rows, 5));
    lines.forEach((line, index) => line.setData(points(handle.rows, 6 + index)));
    drawMarkers(handle, data.markers ?? []);
  };
  handle.setBars = (given) => {
    handle.rows = rowsOf(given);
    if (!handle.intraday && isIntraday(given)) {
      handle.intraday = true;
      handle.chart.applyOptions(baseOptions(handle.colours, { intraday: true }));
    }
    draw();
  };
  draw();
  return handle;
}

/** Equity against buy and hold. data: {equity, benchmark}; or any lines: {lines: [{label, points, tone}]}. */
export function lineChart(box, { data }) {
  const lines = data.lines ?? [
    { label: text("strategy"), points: data.equity, tone: "chart-strategy" },
    ...(data.benchmark?.length ? [{ label: text("benchmark"), points: data.benchmark, tone: "chart-benchmark" }] : []),
  ];
  const cleaned = lines.map((line) => withoutRepeats(line.points));
  // Lines of other periods (two models) stand in their own times: none goes on where it has ended.
  const times = data.lines ? timesOf(cleaned) : cleaned[0];
  const values = cleaned.map((line) => alignTo(times, line, { lasts: !data.lines }));
  const rows = times.map(([time], index) => [time, ...values.map((line) => line[index])]);
  const columns = lines.map((line, index) => ({
    label: line.label,
    format: (value) => fixed(value, 2),
    colour: (colours) => (line.tone ? colours[line.tone] : overlayColour(colours, index)),
  }));
  const handle = new Chart(box, { rows, columns });
  const lowest = Math.min(...rows.map((row) => Math.min(...row.slice(1).filter((value) => value !== null && value !== undefined))));
  handle.isPositive = lowest > 0;
  // The margin below the lines reaches under zero, where an account that never was there has nothing to say.
  const amount = (value) => (value < 0 && lowest >= 0 ? "" : axisAmount(value));
  // The main line is added last, so that it lies on top.
  const order = [...columns.keys()].reverse();
  order.forEach((index) => {
    const series = handle.add(
      LineSeries,
      (colours) => ({ color: columns[index].colour(colours) }),
      {
        lineWidth: index === 0 ? 2 : 1.5, priceLineVisible: false, lastValueVisible: index === 0,
        priceFormat: { type: "custom", formatter: amount, minMove: 0.01 },
      },
    );
    series.setData(points(rows, index + 1));
    if (index === 0) handle.main = series;
  });
  return handle;
}

/** The fall below the last peak. data: {drawdown: [[time, fraction <= 0], ...]}. */
export function drawdownChart(box, { data }) {
  const rows = withoutRepeats(data.drawdown);
  const columns = [
    { label: text("drawdown"), format: (value) => percent(value), colour: (colours) => colours["chart-drawdown"] },
  ];
  const handle = new Chart(box, { rows, columns });
  const series = handle.add(
    BaselineSeries,
    (colours) => ({
      bottomLineColor: colours["chart-drawdown"],
      bottomFillColor1: faded(colours["chart-drawdown"], 0.12),
      bottomFillColor2: faded(colours["chart-drawdown"], 0.36),
      topLineColor: colours["chart-drawdown"], topFillColor1: "transparent", topFillColor2: "transparent",
    }),
    {
      baseValue: { type: "price", price: 0 },
      // The peak, zero, stays in sight however far one zooms.
      autoscaleInfoProvider: (original) => {
        const info = original();
        if (info?.priceRange) info.priceRange.maxValue = 0;
        return info;
      },
      lineWidth: 1.5, priceLineVisible: false, lastValueVisible: false,
      priceFormat: { type: "custom", formatter: (value) => percent(value, { places: 1 }), minMove: 0.0001 },
    },
  );
  series.priceScale().applyOptions({ scaleMargins: { top: 0.04, bottom: 0.06 } });
  series.setData(points(rows));
  return handle;
}
