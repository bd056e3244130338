// Apache ECharts in the product's colours. Loaded by the pages that draw maps, nowhere else.
export { init } from "../../vendor/echarts-6.1.0/echarts.js";

const NAMES = ["surface", "surface-2", "line", "line-strong", "text", "text-2", "muted", "accent", "chart-grid", "chart-text", "chart-strategy"];

// Two hues that colour-blind people tell apart, through a light (or dark) middle; and one hue from pale to deep.
const SCALES = {
  light: {
    diverging: ["#8c2d04", "#cc4c02", "#ec8c4a", "#fbd3b4", "#f5f5f2", "#bfe3dc", "#5fb8ab", "#16877a", "#00554c"],
    sequential: ["#f4f7fb", "#cfe0f2", "#96bfe4", "#5393cf", "#2467ae", "#0d3f7f"],
  },
  dark: {
    diverging: ["#ff9a5c", "#e56a2a", "#a8481a", "#5c2d17", "#20272e", "#14453f", "#1a7d71", "#2fb8a9", "#8af0e2"],
    sequential: ["#18202a", "#1d3a5f", "#25568f", "#3b7cc4", "#72a9ea", "#c4ddff"],
  },
};

function isDark() {
  return document.documentElement.dataset.bsTheme === "dark";
}

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const found = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...found, ...SCALES[isDark() ? "dark" : "light"], font: getComputedStyle(document.body).fontFamily };
}

export function axisStyle(shades) {
  return {
    axisLine: { lineStyle: { color: shades["line-strong"] } },
    axisTick: { lineStyle: { color: shades["line-strong"] } },
    axisLabel: { color: shades["chart-text"], fontSize: 11 },
    nameTextStyle: { color: shades["text-2"], fontSize: 12, fontWeight: 500 },
    splitLine: { lineStyle: { color: shades["chart-grid"] } },
  };
}

export function tooltipStyle(shades) {
  return {
    backgroundColor: shades.surface,
    borderColor: shades["line-strong"],
    textStyle: { color: shades.text },
    padding: [6, 10],
    confine: true,
    transitionDuration: 0,
  };
}
