// The form of a sweep: how many values each line has at once, and how many combinations can be run by asking the server.
import { postForm } from "../lib/csrf.js";
import { text } from "../lib/texts.js";

const WAIT_MS = 250;
const form = document.getElementById("sweep-form");

function number(row, part) {
  const input = row.querySelector(`[name="${part}-${row.dataset.axis}"]`);
  return input && input.value !== "" ? Number(input.value) : NaN;
}

function countOf(row) {
  if (!row.querySelector('[name^="vary-"]').checked) return null;
  const picks = row.querySelectorAll('[name^="pick-"]');
  if (picks.length) return [...picks].filter((pick) => pick.checked).length;
  const [from, to, step] = ["from", "to", "step"].map((part) => number(row, part));
  if (!(step > 0) || !(to >= from)) return 0;
  return Math.floor((to - from) / step + 1e-9) + 1;
}

function showCounts() {
  form.querySelectorAll("[data-axis]").forEach((row) => {
    const count = countOf(row);
    row.querySelector("[data-axis-count]").textContent = count === null ? "" : count ? `× ${count}` : "–";
  });
}

let waiting = 0;
let asked = 0;

async function ask() {
  const place = form.querySelector("[data-sweep-count]");
  const turn = ++asked;
  try {
    const answer = await (await postForm(form.dataset.countUrl, new FormData(form))).json();
    if (turn !== asked) return; // something was typed meanwhile: a newer question is on its way
    place.textContent = answer.words;
    place.classList.toggle("is-refused", !answer.ok);
  } catch (error) {
    if (turn === asked) place.textContent = error.message || text("offline");
  }
}

function start() {
  // A fixed size is asked for only where positions have one.
  const sizing = form.elements.namedItem("sizing");
  const sizeRow = form.querySelector('[data-axis="account-size"]');
  const showSize = () => {
    const off = sizing.value === "all_in";
    sizeRow.querySelectorAll("input").forEach((input) => {
      input.disabled = off;
    });
  };
  form.addEventListener("input", () => {
    showSize();
    showCounts();
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT_MS);
  });
  showSize();
  showCounts();
  ask();
}

if (form) start();
