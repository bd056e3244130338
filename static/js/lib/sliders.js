// A slider and its number are one field (templates/strategies/_slider.html): each follows the other. A logarithmic one
// goes by factors: its places 0 to 1000 lie between the bounds of its number.
import { text } from "./texts.js";

const DIGITS = 3;

function fill(range) {
  const { min, max, value } = range;
  range.style.setProperty("--filled", `${(100 * (value - min)) / (max - min)}%`);
}

/** The number a place means, with three significant digits, whole steps of the number and its ends exact. */
function numberAt(place, number) {
  const [low, high, step] = [number.min, number.max, number.step].map(Number);
  if (place <= 0) return low;
  if (place >= 1) return high;
  const raw = low * (high / low) ** place;
  const places = (String(number.step).split(".")[1] ?? "").length;
  const rounded = Math.round(Number(raw.toPrecision(DIGITS)) / step) * step;
  return Number(Math.min(high, Math.max(low, rounded)).toFixed(places));
}

function placeOf(number) {
  const [low, high, value] = [number.min, number.max, number.value].map(Number);
  return value <= low ? 0 : Math.min(1, Math.log(value / low) / Math.log(high / low));
}

function couple(range) {
  const number = document.getElementById(range.getAttribute("aria-controls"));
  const label = document.querySelector(`label[for="${CSS.escape(number.id)}"]`);
  const logarithmic = "logarithmic" in range.dataset;
  range.setAttribute("aria-label", text("slider", { label: label?.firstChild.textContent.trim() ?? "" }));
  const follow = () => {
    if (number.value === "") return;
    range.value = logarithmic ? Math.round(1000 * placeOf(number)) : number.value;
    if (logarithmic) range.setAttribute("aria-valuetext", number.value);
    fill(range);
  };
  follow();
  fill(range);
  // Before anybody else hears of it, so that they read the number of this very event.
  range.addEventListener("input", () => {
    number.value = logarithmic ? numberAt(range.value / 1000, number) : range.value;
    if (logarithmic) range.setAttribute("aria-valuetext", number.value);
    fill(range);
  });
  number.addEventListener("input", follow);
}

export function coupleSliders(root) {
  root.querySelectorAll("[data-slider]").forEach(couple);
}
