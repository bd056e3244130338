// The training form: sliders follow their numbers, and a closed group of features says what is ticked in it.
import { coupleSliders } from "../lib/sliders.js";

function sayTicked(group) {
  const said = [...group.querySelectorAll("input[name=features]:checked")].map((box) => {
    const kind = box.closest(".feature-kind");
    const settings = kind.querySelector("input[type=text]")?.value.trim();
    return kind.querySelector("label").textContent.trim() + (settings ? ` (${settings})` : "");
  });
  group.querySelector("[data-ticked]").textContent = said.join(" · ");
}

function prepare(root) {
  const form = root.matches?.("#training-form") ? root : root.querySelector?.("#training-form");
  if (!form) return;
  coupleSliders(form);
  form.querySelectorAll("[data-feature-group]").forEach((group) => {
    sayTicked(group);
    group.addEventListener("input", () => sayTicked(group));
  });
}

// A link to a field inside a closed group opens it.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  const group = target?.closest("details");
  if (group) group.open = true;
}, true);
prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
