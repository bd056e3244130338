// The form for a new backtest: a strategy brings its data and capital, a series its range; what was typed, or named by
// the address, stays.
import { text } from "../lib/texts.js";
import { toast } from "../lib/toast.js";

const form = document.getElementById("backtest-form");
const data = document.getElementById("backtest-choices");

function field(name) {
  return form.elements.namedItem(name);
}

function setUnlessTyped(input, value) {
  if (input.dataset.typed || value === null || value === undefined) return;
  input.value = value;
}

// Data that was chosen by nobody follows the strategy; when it takes the place of other data, that is said.
function followStrategy(strategy) {
  const input = field("series");
  const before = input.value;
  setUnlessTyped(input, strategy.series);
  if (before && input.value !== before) {
    toast(text("data-follows", { series: input.selectedOptions[0].textContent.trim() }));
  }
}

function allSeries() {
  return [field("series"), ...form.querySelectorAll('select[name="legs"]')];
}

// Days may be chosen where any of the series has some; those that all of them share are filled in.
function showRange(choices) {
  const ranges = allSeries().map((input) => choices.series[input.value]).filter(Boolean);
  const sorted = (name) => ranges.map((range) => range[name]).sort();
  const [firsts, lasts] = [sorted("first"), sorted("last")];
  for (const name of ["start_date", "end_date"]) {
    const input = field(name);
    input.min = firsts[0] ?? "";
    input.max = lasts.at(-1) ?? "";
  }
  return ranges.length ? { first: firsts.at(-1), last: lasts[0] } : null;
}

function fillRange(choices) {
  const shared = showRange(choices);
  if (!shared) return;
  // A typed day that the new series does not hold would only be refused: it follows the series.
  for (const [name, day] of [["start_date", shared.first], ["end_date", shared.last]]) {
    const input = field(name);
    if (input.value && (input.value < input.min || input.value > input.max)) delete input.dataset.typed;
    setUnlessTyped(input, shared.first <= shared.last ? day : "");
  }
}

// One choice of data for each symbol beyond the first, like those the server makes.
function showLegs(strategy) {
  const place = form.querySelector("[data-legs]");
  const offered = [...field("series").options].map((option) => option.cloneNode(true));
  place.replaceChildren(
    ...strategy.symbols.map((symbol, number) => {
      const label = document.createElement("label");
      label.className = "leg-choice";
      const name = document.createElement("span");
      name.textContent = symbol;
      const select = document.createElement("select");
      select.className = "form-select";
      select.name = "legs";
      select.append(...offered.map((option) => option.cloneNode(true)));
      select.value = strategy.legs[number] ?? "";
      label.append(name, select);
      return label;
    }),
  );
}

// The style sheet hides what does not fit the strategy; what is not seen is not sent either.
function sendWhatIsSeen() {
  for (const part of form.querySelectorAll("[data-field]")) {
    const seen = getComputedStyle(part).display !== "none";
    for (const input of part.querySelectorAll("input, select")) input.disabled = !seen;
  }
}

function start() {
  const choices = JSON.parse(data.textContent);
  const address = new URLSearchParams(location.search);
  // After a refused form everything in it was typed by the user; an earlier run brings all of its settings.
  const given = address.has("from") || form.querySelector("[data-error-summary]") !== null;
  const watched = ["series", "start_date", "end_date", "initial_capital"].map(field);
  for (const input of watched) {
    if (input.value && (given || address.has(input.name))) input.dataset.typed = "1";
    input.addEventListener("input", () => {
      input.dataset.typed = "1";
    });
  }
  field("strategy").addEventListener("change", (event) => {
    const chosen = choices.strategies[event.target.value];
    if (!chosen) return;
    setUnlessTyped(field("initial_capital"), chosen.capital);
    followStrategy(chosen);
    showLegs(chosen);
    fillRange(choices);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "series" || event.target.name === "legs") fillRange(choices);
    sendWhatIsSeen();
  });
  showRange(choices);
  sendWhatIsSeen();
}

if (form && data) start();
