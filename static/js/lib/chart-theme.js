// The colours of charts, taken from the style sheets' variables, and the options all charts share.
import { isoTime } from "./numbers.js";

const NAMES = [
  "surface", "line", "text", "muted", "chart-up", "chart-down", "chart-strategy", "chart-benchmark",
  "chart-drawdown", "chart-grid", "chart-text", "chart-volume",
  "chart-overlay-1", "chart-overlay-2", "chart-overlay-3", "chart-overlay-4",
];

export function palette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** A #rrggbb colour with an opacity. */
export function faded(colour, opacity) {
  return `${colour}${Math.round(opacity * 255).toString(16).padStart(2, "0")}`;
}

export function overlayColour(colours, index) {
  return colours[`chart-overlay-${(index % 4) + 1}`];
}

export function themeOptions(colours) {
  return {
    layout: {
      background: { type: "solid", color: colours.surface },
      textColor: colours["chart-text"],
      panes: { separatorColor: colours.line, separatorHoverColor: colours["chart-grid"] },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours["chart-grid"] } },
    crosshair: {
      vertLine: { color: colours.muted, labelBackgroundColor: colours.muted },
      horzLine: { color: colours.muted, labelBackgroundColor: colours.muted },
    },
  };
}

export function baseOptions(colours, { intraday }) {
  const theme = themeOptions(colours);
  return {
    ...theme,
    autoSize: true,
    layout: {
      ...theme.layout,
      attributionLogo: true,
      fontSize: 11,
      fontFamily: getComputedStyle(document.body).fontFamily,
    },
    crosshair: { ...theme.crosshair, mode: 0 },
    // One width for all scales keeps the charts of a page under one another.
    rightPriceScale: { borderVisible: false, minimumWidth: 76, entireTextOnly: true },
    // Neither a wheel nor a finger leads beyond the data.
    timeScale: { borderVisible: false, timeVisible: intraday, secondsVisible: false, fixLeftEdge: true, fixRightEdge: true },
    localization: { timeFormatter: (seconds) => isoTime(seconds, intraday) },
    // A finger moving up or down scrolls the page, not the chart.
    handleScroll: { vertTouchDrag: false },
  };
}
