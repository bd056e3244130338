// The form of a strategy: each slider and its number say the same, and the preview follows.
import { startPreview } from "../lib/preview.js";
import { text } from "../lib/texts.js";

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
  // Before the preview hears of it, so that it reads the number of this very event.
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

const form = document.getElementById("strategy-form");
const panel = document.querySelector("[data-preview]");
form.querySelectorAll("[data-slider]").forEach(couple);
if (panel) startPreview(panel, form);
