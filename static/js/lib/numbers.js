// Numbers and times as the server prints them: narrow spaces, a real minus sign, ISO dates in UTC.
const THIN = "\u202f";
const MINUS = "\u2212";

function grouped(value, places) {
  const [whole, decimals] = Math.abs(value).toFixed(places).split(".");
  const parted = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
  return decimals === undefined ? parted : `${parted}.${decimals}`;
}

function sign(value, places, signed) {
  if (Number(Math.abs(value).toFixed(places)) === 0) return "";
  return value < 0 ? MINUS : signed ? "+" : "";
}

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

export function fixed(value, places = 2) {
  return isNumber(value) ? sign(value, places, false) + grouped(value, places) : "n/a";
}

export function percent(value, { places = 2, signed = false } = {}) {
  if (!isNumber(value)) return "n/a";
  return `${sign(value * 100, places, signed)}${grouped(value * 100, places)}${THIN}%`;
}

/** Decimals that show about six significant digits of a price: 2 from 10 on, at most 8. */
export function pricePlaces(value) {
  if (!isNumber(value) || value === 0 || Math.abs(value) >= 10) return 2;
  return Math.min(8, Math.max(2, 5 - Math.floor(Math.log10(Math.abs(value)))));
}

/** Decimals for a whole price series: what its values carry, no more than is significant. */
export function seriesPlaces(values) {
  const last = values[values.length - 1];
  const carried = values.slice(-50).map((value) => (String(value).split(".")[1] ?? "").length);
  return Math.min(pricePlaces(last), Math.max(2, ...carried));
}

export function compact(value) {
  if (!isNumber(value)) return "n/a";
  const steps = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]];
  const step = steps.find(([size]) => Math.abs(value) >= size);
  return step ? `${fixed(value / step[0], 2)}${THIN}${step[1]}` : fixed(value, Math.abs(value) < 10 ? 2 : 0);
}

/** A short amount for an axis: 225 k, 30.78 k. */
export function axisAmount(value) {
  const words = compact(value);
  return words.includes(".") ? words.replace(/\.?0+(?=\D*$)/, "") : words;
}

/** Seconds since 1970 as 2024-03-01, with the time of day where there is one. */
export function isoTime(seconds, withTime = seconds % 86400 !== 0) {
  const iso = new Date(seconds * 1000).toISOString();
  return withTime ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}` : iso.slice(0, 10);
}

export function span(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))}${THIN}s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)}${THIN}min`;
  return `${Math.floor(seconds / 3600)}${THIN}h ${Math.round((seconds % 3600) / 60)}${THIN}min`;
}
