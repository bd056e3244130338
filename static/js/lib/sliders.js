// A slider and its number are one field (templates/strategies/_slider.html): each follows the other.
import { text } from "./texts.js";

function fill(range) {
  const { min, max, value } = range;
  range.style.setProperty("--filled", `${(100 * (value - min)) / (max - min)}%`);
}

function couple(range) {
  const number = document.getElementById(range.getAttribute("aria-controls"));
  const label = document.querySelector(`label[for="${CSS.escape(number.id)}"]`);
  range.setAttribute("aria-label", text("slider", { label: label?.firstChild.textContent.trim() ?? "" }));
  if (number.value !== "") range.value = number.value;
  fill(range);
  // Before anybody else hears of it, so that they read the number of this very event.
  range.addEventListener("input", () => {
    number.value = range.value;
    fill(range);
  });
  number.addEventListener("input", () => {
    if (number.value === "") return;
    range.value = number.value;
    fill(range);
  });
}

export function coupleSliders(root) {
  root.querySelectorAll("[data-slider]").forEach(couple);
}
