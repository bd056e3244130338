// The chart of the live preview: price with the strategy's lines and its trades, and below the account against buy and
// hold. It is made once; what changes while a slider moves is put into it, so that nothing flickers or jumps.
import { createSeriesMarkers, LineSeries } from "../../vendor/lightweight-charts-5.2.1/lightweight-charts.js";
import { isIntraday } from "./chart-data.js";
import { drawLegend } from "./chart-parts.js";
import { overlayColour } from "./chart-theme.js";
import { Chart } from "./charts.js";
import { axisAmount, fixed, percent, seriesPlaces } from "./numbers.js";
import { text } from "./texts.js";

const PRICE = 0;
const ACCOUNT = 1;
const OWN = 2;
const HEIGHTS = [5, 5, 3];
const MANY_TRADES = 40;
const GREW = 8; // a price that multiplied by more is drawn in equal percents
const MARGINS = { top: 0.1, bottom: 0.1 };
const NARROW = 480;
const NARROW_SCALE = 48;
const QUIET = { priceLineVisible: false, crosshairMarkerVisible: false };

function toPoints(times, values) {
  return times.map((time, index) => (values[index] === null ? { time } : { time, value: values[index] }));
}

// Whatever asks the library for a full update (an option of a scale, a layer of marks) has the whole chart painted in
// this frame and once more in the next one: twice the work while a slider moves. New data alone is painted once.

/** The marks of a series: painted when anything else of the chart is. */
function quietMarkers(series, options) {
  const host = {
    attachPrimitive(layer) {
      const attached = layer.attached.bind(layer);
      layer.attached = (given) => attached({ ...given, requestUpdate() {} });
      series.attachPrimitive(layer);
    },
    detachPrimitive: (layer) => series.detachPrimitive(layer),
  };
  return createSeriesMarkers(host, [], options);
}

function setMode(series, logarithmic) {
  const scale = series.priceScale();
  const mode = logarithmic ? 1 : 0;
  if (scale.options().mode !== mode) scale.applyOptions({ mode });
}

export class PreviewChart {
  constructor(box, legend, onScale) {
    this.box = box;
    this.onScale = onScale;
    this.legend = legend;
    this.market = null;
    this.chart = null;
    this.logarithmic = null; // null: by the market, until somebody presses the button
    this.follow = () => {
      if (!this.chart) return;
      this.chart.repaint(); // painted in the next frame, with the marks
      this.drawMarkers();
      this.show(null);
    };
    document.addEventListener("lab:theme", this.follow);
  }

  /** Draws an answer of the server; its market is only there when it is another one than before. */
  draw(answer) {
    if (answer.market) this.setMarket(answer);
    const { time } = this.market;
    this.answer = answer;
    this.scaleAccount();
    this.drawMarkers();
    this.equity.setData(toPoints(time, answer.equity));
    this.drawLines(answer.overlays);
    this.tabulate();
    if (answer.market) {
      this.stretch();
      this.chart.fit();
    }
    this.show(null);
  }

  setMarket(answer) {
    const { time, close, benchmark } = answer.market;
    this.market = answer.market;
    const intraday = isIntraday(time.map((moment) => [moment]));
    if (this.chart?.intraday !== intraday) this.make(time, intraday);
    const known = close.filter((value) => value !== null); // a first symbol may begin after the others
    const places = seriesPlaces(known);
    this.places = places;
    this.price.applyOptions({ priceFormat: { type: "price", precision: places, minMove: 10 ** -places } });
    this.price.setData(toPoints(time, close));
    this.benchmark.setData(toPoints(time, benchmark));
    this.scale(this.logarithmic ?? Math.max(...known) > GREW * Math.min(...known));
  }

  make(time, intraday) {
    this.chart?.destroy();
    this.lines = [];
    this.shape = "";
    this.chart = new Chart(this.box, { rows: time.map((moment) => [moment]), columns: [] });
    this.chart.intraday = intraday;
    if (this.box.clientWidth < NARROW) {
      this.chart.chart.applyOptions({ rightPriceScale: { minimumWidth: NARROW_SCALE } });
    }
    const amounts = { priceFormat: { type: "custom", formatter: axisAmount, minMove: 0.01 } };
    this.price = this.chart.add(
      LineSeries, (colours) => ({ color: colours.muted }), { lineWidth: 1, lastValueVisible: false, ...QUIET }, PRICE,
    );
    this.benchmark = this.chart.add(
      LineSeries, (colours) => ({ color: colours["chart-benchmark"] }),
      { lineWidth: 1.5, lastValueVisible: false, ...QUIET, ...amounts }, ACCOUNT,
    );
    this.equity = this.chart.add(
      LineSeries, (colours) => ({ color: colours["chart-strategy"] }),
      { lineWidth: 2, ...QUIET, ...amounts }, ACCOUNT,
    );
    [this.price, this.equity].forEach((series) => series.priceScale().applyOptions({ scaleMargins: MARGINS }));
    this.marks = quietMarkers(this.price, { autoScale: false });
    this.chart.chart.subscribeCrosshairMove((event) => {
      if (event.sourceEvent) this.show(event.time ?? null);
    });
  }

  drawLines(overlays) {
    const shape = overlays.map((line) => line.pane).join();
    if (shape !== this.shape) this.makeLines(overlays, shape);
    overlays.forEach((line, index) => this.lines[index].setData(toPoints(this.market.time, line.values)));
  }

  /** Another number of lines, or other panes: they are made anew. */
  makeLines(overlays, shape) {
    const gone = new Set(this.lines);
    this.lines.forEach((series) => this.chart.chart.removeSeries(series));
    this.chart.painted = this.chart.painted.filter(([series]) => !gone.has(series));
    this.shape = shape;
    this.lines = overlays.map((line, index) => this.chart.add(
      LineSeries, (colours) => ({ color: overlayColour(colours, index) }),
      { lineWidth: 1.5, lastValueVisible: false, ...QUIET }, line.pane === "own" ? OWN : PRICE,
    ));
    this.stretch();
  }

  stretch() {
    this.chart.chart.panes().forEach((pane, index) => pane.setStretchFactor(HEIGHTS[index] ?? 3));
  }

  drawMarkers() {
    const { markers, trades_marked: trades } = this.answer;
    const narrow = this.box.clientWidth < NARROW;
    const size = trades > MANY_TRADES ? (narrow ? 0.25 : 0.4) : narrow ? 0.6 : 0.9;
    // A flip leaves and enters with one fill: the entry says it.
    const entries = new Set(markers.filter((mark) => mark[2]).map(([moment, side]) => moment * side));
    const shown = markers.filter(([moment, side, enters]) => enters || !entries.has(moment * side));
    this.marks.setMarkers(shown.map(([moment, side, enters]) => ({
      time: this.market.time[moment],
      position: side > 0 ? "belowBar" : "aboveBar",
      shape: enters ? (side > 0 ? "arrowUp" : "arrowDown") : "circle",
      color: this.chart.colours[side > 0 ? "chart-up" : "chart-down"],
      size: enters ? size : 0.5 * size,
    })));
  }

  /** Rows and columns as the legend and the table of values read them. */
  tabulate() {
    const { time, close, benchmark } = this.market;
    const { equity, drawdown, overlays, legs } = this.answer;
    const asPrice = (value) => fixed(value, this.places);
    const asAmount = (value) => fixed(value, 2);
    this.chart.rows = time.map((moment, index) => [
      moment, close[index], equity[index], benchmark[index], drawdown[index],
      ...overlays.map((line) => line.values[index]),
    ]);
    this.chart.columns = [
      { label: legs.length > 1 ? legs[0].symbol : text("price"), format: asPrice, colour: (colours) => colours.muted },
      { label: text("strategy"), format: asAmount, colour: (colours) => colours["chart-strategy"] },
      { label: text("benchmark"), format: asAmount, colour: (colours) => colours["chart-benchmark"] },
      { label: text("drawdown"), format: (value) => percent(value) },
      ...overlays.map((line, index) => ({
        label: line.name,
        format: line.pane === "own" ? asAmount : asPrice,
        colour: (colours) => overlayColour(colours, index),
      })),
    ];
  }

  show(time) {
    drawLegend(this.legend, this.chart, time);
  }

  setLogarithmic(on) {
    this.logarithmic = on;
    if (this.chart) this.scale(on);
  }

  scale(on) {
    this.onScale(on);
    this.asPercents = on;
    setMode(this.price, on);
    if (this.answer) this.scaleAccount();
  }

  /** A ruined account has no logarithm. */
  scaleAccount() {
    setMode(this.equity, this.asPercents && Math.min(...this.answer.equity) > 0);
  }

  fit() {
    this.chart?.fit();
  }
}
