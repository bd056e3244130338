// The form for a new backtest: a strategy brings its data and capital, a series its range; what was typed stays.
const form = document.getElementById("backtest-form");
const data = document.getElementById("backtest-choices");

function field(name) {
  return form.elements.namedItem(name);
}

function setUnlessTyped(input, value) {
  if (input.dataset.typed || value === null || value === undefined) return;
  input.value = value;
}

function showRange(range) {
  for (const name of ["start_date", "end_date"]) {
    const input = field(name);
    input.min = range?.first ?? "";
    input.max = range?.last ?? "";
  }
  if (!range) return;
  // A typed day that the new series does not hold would only be refused: it follows the series.
  for (const [name, day] of [["start_date", range.first], ["end_date", range.last]]) {
    const input = field(name);
    if (input.value && (input.value < range.first || input.value > range.last)) delete input.dataset.typed;
    setUnlessTyped(input, day);
  }
}

function showSize() {
  // The style sheet hides it; what is not seen is not sent either.
  field("size").disabled = field("sizing").value !== "units";
}

function start() {
  const choices = JSON.parse(data.textContent);
  // After a refused form everything in it was typed by the user.
  const refused = form.querySelector("[data-error-summary]") !== null;
  const watched = ["series", "start_date", "end_date", "initial_capital"].map(field);
  for (const input of watched) {
    if (refused && input.value) input.dataset.typed = "1";
    input.addEventListener("input", () => {
      input.dataset.typed = "1";
    });
  }
  field("strategy").addEventListener("change", (event) => {
    const chosen = choices.strategies[event.target.value];
    if (!chosen) return;
    setUnlessTyped(field("initial_capital"), chosen.capital);
    setUnlessTyped(field("series"), chosen.series);
    showRange(choices.series[field("series").value]);
  });
  field("series").addEventListener("change", (event) => showRange(choices.series[event.target.value]));
  field("sizing").addEventListener("change", showSize);
  const range = choices.series[field("series").value];
  if (range) {
    for (const name of ["start_date", "end_date"]) {
      field(name).min = range.first;
      field(name).max = range.last;
    }
  }
  showSize();
}

if (form && data) start();
