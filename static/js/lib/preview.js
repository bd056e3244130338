// The live preview beside a strategy's form: each change of the form asks the server for the whole backtest and draws it.
// One request is under way at a time; what changes meanwhile is asked for next, and only the latest of it.
import { drawTable, savePicture } from "./chart-parts.js";
import { csrfToken } from "./csrf.js";
import { fixed, isNumber, percent } from "./numbers.js";
import { PreviewChart } from "./preview-chart.js";
import { text } from "./texts.js";

const PREFIX = "parameters-";
const PLAIN = ["symbol", "timeframe", "initial_capital"];
const LIST = "other_symbols";
const BETWEEN = /[,;\s]+/; // as the form reads them
const MOST_NAMED = 4;
const TYPING_MS = 200;
const AGAIN_MS = 1000;
const MOST_AGAIN = 30;

/** The value of a control as JSON means it. */
function valueOf(control) {
  if (control.type === "checkbox") return control.checked;
  if (control.type === "number") return control.value === "" ? null : Number(control.value);
  if (control.dataset.syntax === "values") {
    try {
      return JSON.parse(control.value || "{}");
    } catch {
      return control.value; // half-typed: the server says what is wrong with it
    }
  }
  return control.value;
}

/** What the form says now, as the server is asked. */
function readForm(form, type) {
  const asked = { strategy_type: type, parameters: {} };
  for (const control of form.elements) {
    if (!control.name || (control.type === "radio" && !control.checked)) continue;
    if (control.name.startsWith(PREFIX)) asked.parameters[control.name.slice(PREFIX.length)] = valueOf(control);
    else if (PLAIN.includes(control.name)) asked[control.name] = valueOf(control);
    else if (control.name === LIST) asked[LIST] = control.value.split(BETWEEN).filter(Boolean);
  }
  return asked;
}

/** All symbols, or the first one and how many more. */
function namesOf(legs) {
  const symbols = legs.map((leg) => leg.symbol);
  return symbols.length > MOST_NAMED ? `${symbols[0]} +${symbols.length - 1}` : symbols.join(", ");
}

function printed(value, kind, signed) {
  if (!isNumber(value)) return "n/a";
  if (kind === "fraction") return percent(value, { signed, places: Math.abs(value) < 1 ? 2 : Math.abs(value) < 10 ? 1 : 0 });
  return fixed(value, kind === "count" ? 0 : 2);
}

/** Only words that differ: the same ones again would have the page laid out anew. */
function put(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

class Preview {
  constructor(panel, form) {
    this.panel = panel;
    this.form = form;
    this.url = panel.dataset.url;
    this.chart = new PreviewChart(this.find("box"), this.find("legend"), (on) => {
      this.find("scale").setAttribute("aria-pressed", String(on));
    });
    this.drawn = ""; // what the chart shows, as it was asked
    this.doubted = ""; // the doubts that stand there
    this.since = null; // when the oldest change that is not drawn yet was made
    this.underWay = false;
    this.again = 0;
    this.timer = 0;
    form.addEventListener("input", (event) => this.changed(event));
    form.addEventListener("change", (event) => this.changed(event));
    this.bindTools();
  }

  find(name) {
    return document.querySelector(`[data-preview-${name}]`);
  }

  changed(event) {
    this.again = 0;
    const typing = event.type === "input" && event.target.matches("textarea, input[type=text], input:not([type])");
    this.since ??= event.timeStamp;
    clearTimeout(this.timer);
    if (typing) this.timer = setTimeout(() => this.ask(), TYPING_MS);
    else this.ask();
  }

  async ask() {
    if (this.underWay) return; // asked for when the answer is there
    const said = this.said();
    if (said === this.drawn) {
      this.since = null;
      return;
    }
    const times = { since: this.since, sent: performance.now() };
    this.since = null;
    this.underWay = true;
    let reply;
    try {
      reply = await this.fetch(said);
    } finally {
      this.underWay = false;
    }
    times.answered = performance.now();
    this.take(reply, said, times);
  }

  said() {
    return JSON.stringify(readForm(this.form, this.panel.dataset.type));
  }

  /** The server computes the next answer while this one is drawn, but for a new market, which the next one leaves out. */
  take({ status, answer }, said, times) {
    if (status !== 200) {
      const wait = status ? this.refuse(status, answer, said) : 0;
      if (wait) this.timer = setTimeout(() => this.ask(), wait);
      else this.askIfChanged(said);
      return;
    }
    this.drawn = said;
    this.again = 0;
    if (!answer.market) this.askIfChanged(said);
    this.draw(answer, said, times);
    if (answer.market) this.askIfChanged(said);
  }

  askIfChanged(said) {
    if (this.said() !== said) this.ask();
    else this.since = null; // the change event after an input changes nothing
  }

  /** The server's status and answer; no status where nothing could be read, which is told at once. */
  async fetch(said) {
    let response;
    try {
      response = await fetch(this.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
        body: JSON.stringify({ ...JSON.parse(said), known: this.chart.market?.key ?? "" }),
      });
      return { status: response.status, answer: await response.json() };
    } catch {
      this.fail("failed", text(response ? "denied" : "offline"));
      return { status: 0 };
    }
  }

  draw(answer, said, times) {
    this.panel.dataset.state = "ready";
    put(this.find("message"), "");
    this.chart.draw(answer);
    this.showFigures(answer);
    this.showNotes(answer);
    const detail = { ...times, drawn: performance.now(), computing: answer.computing_ms, asked: said };
    requestAnimationFrame(() => requestAnimationFrame(() => this.painted(detail)));
  }

  /** The second frame after the drawing begins when the first one is on the screen. */
  painted(detail) {
    detail.painted = performance.now();
    this.panel.dispatchEvent(new CustomEvent("lab:preview", { bubbles: true, detail }));
  }

  refuse(status, answer, said) {
    if (status === 202 && this.again < MOST_AGAIN) {
      this.again += 1;
      if (this.panel.dataset.state === "loading") this.panel.dataset.state = "waiting";
      this.find("message").textContent = this.again > 1 ? text("preview-waiting") : "";
      return AGAIN_MS;
    }
    if (answer.code === "preview_unavailable" && this.again === 0) {
      this.again = 1; // its process has died, and another is starting: once more
      return AGAIN_MS;
    }
    if (status === 409) return AGAIN_MS; // another page of the same user asks too
    this.drawn = said; // the same again would be refused again
    const reasons = Object.entries(answer.fields ?? {}).map(([name, words]) => this.reason(name, words));
    this.fail(status === 422 ? "refused" : "failed", reasons.join(" ") || answer.detail || text("server-error"));
    if (answer.code === "preview_no_data") this.offerImport();
    return 0;
  }

  offerImport() {
    const link = document.createElement("a");
    link.href = this.panel.dataset.importUrl;
    link.textContent = text("preview-import");
    this.find("message").append(" ", link);
  }

  reason(name, words) {
    const control = this.form.elements.namedItem(name.replace("parameters.", PREFIX));
    const label = control?.id ? this.form.querySelector(`label[for="${CSS.escape(control.id)}"]`) : null;
    return label ? `${label.firstChild.textContent.trim()}: ${words.join(" ")}` : words.join(" ");
  }

  /** The last good chart stays, paler, and beside it stands why it is not the present one. */
  fail(state, words) {
    this.panel.dataset.state = this.chart.market || state === "refused" ? state : "failed";
    this.find("message").textContent = words;
  }

  showFigures(answer) {
    for (const tile of this.panel.querySelectorAll("[data-figure]")) {
      const { figure, kind } = tile.dataset;
      const signed = "signed" in tile.dataset;
      const value = answer.metrics[figure];
      const place = tile.querySelector("[data-value]");
      put(place, printed(value, kind, signed));
      place.title = isNumber(value) ? "" : answer.undefined[figure] ?? "";
      place.classList.toggle("gain", signed && value > 0);
      place.classList.toggle("loss", signed && value < 0);
    }
    const { sharpe_low: low, sharpe_high: high } = answer.metrics;
    put(this.panel.querySelector("[data-interval]"), isNumber(low) && isNumber(high)
      ? text("preview-interval", { low: fixed(low), high: fixed(high) })
      : "\u00a0");
  }

  showNotes(answer) {
    const { symbol, timeframe, trials, bar_count: bars, total_bar_count: total, legs } = answer;
    const { start, end } = this.chart.market;
    const cut = bars < total ? `, ${text("preview-cut", { bars: fixed(bars, 0), total: fixed(total, 0) })}` : "";
    put(this.find("what"), text("preview-what", { symbol: namesOf(legs), timeframe, start, end }) + cut);
    const time = answer.computing_ms < 10 ? fixed(answer.computing_ms, 1) : fixed(answer.computing_ms, 0);
    put(this.find("speed"), `${text("preview-speed", { bars: fixed(bars, 0), time })}.`);
    const count = document.createElement("strong");
    count.textContent = text("preview-trial", { count: fixed(trials.count, 0), symbol, timeframe });
    const luck = isNumber(trials.luck) && trials.count > 1
      ? ` ${text("preview-luck", { count: fixed(trials.count, 0), luck: fixed(trials.luck) })}`
      : "";
    this.find("trials").replaceChildren(count, luck);
    put(this.find("marked"), this.marked(answer));
    this.showDoubts(answer.warnings);
  }

  /** What the marks leave out; nothing where every trade has its marks. */
  marked(answer) {
    const { symbol, marks, trades_marked: marked } = answer;
    if (marks === "positions") return text("preview-marked-positions", { symbol });
    const trades = answer.metrics.total_trades;
    return marked < trades ? text("preview-marked", { marked: fixed(marked, 0), trades: fixed(trades, 0) }) : "";
  }

  showDoubts(doubts) {
    const said = JSON.stringify(doubts);
    if (said === this.doubted) return;
    this.doubted = said;
    const lines = doubts.filter((doubt) => doubt.code !== "many_trials").map((doubt) => {
      const line = document.createElement("li");
      if (doubt.severe) line.className = "severe";
      const label = document.createElement("span");
      label.className = "tag";
      label.textContent = doubt.label;
      line.append(label, doubt.detail);
      return line;
    });
    if (!doubts.length) {
      const clear = document.createElement("li");
      clear.className = "clear";
      clear.textContent = text("preview-clear");
      lines.push(clear);
    }
    this.find("doubts").replaceChildren(...lines);
  }

  bindTools() {
    this.find("fit").addEventListener("click", () => this.chart.fit());
    this.find("scale").addEventListener("click", (event) => {
      this.chart.setLogarithmic(event.currentTarget.getAttribute("aria-pressed") !== "true");
    });
    this.find("png").addEventListener("click", () => {
      const title = this.find("what").textContent;
      if (this.chart.chart) savePicture(this.chart.chart, title);
    });
    const fold = this.find("fold");
    fold.addEventListener("click", () => {
      fold.setAttribute("aria-expanded", String(fold.getAttribute("aria-expanded") !== "true"));
    });
    const table = this.find("table");
    table.addEventListener("toggle", () => {
      if (table.open && this.chart.chart) drawTable(table.querySelector(".table-wrap"), this.chart.chart);
    });
  }
}

/** Starts the preview of a page that has one. */
export function startPreview(panel, form) {
  const preview = new Preview(panel, form);
  preview.ask();
  return preview;
}
