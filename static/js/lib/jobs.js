// Live progress: each [data-job] element follows its own job, the top bar follows all of the user's.
import { getJson, postForm } from "./csrf.js";
import { span } from "./numbers.js";
import { LabSocket } from "./socket.js";
import { text } from "./texts.js";
import { announce, toast } from "./toast.js";

const TERMINAL = new Set(["succeeded", "failed", "cancelled"]);
const POLL_EVERY = 2000;
const ANNOUNCE_EVERY = 10000;

class JobView {
  constructor(element) {
    this.element = element;
    this.id = element.dataset.job;
    this.seq = Number(element.dataset.jobSeq);
    this.progress = Number(element.querySelector("[data-job-bar]")?.value ?? 0);
    this.startedAt = Date.parse(element.dataset.jobStarted ?? "") || 0;
    this.announcedAt = 0;
    this.ended = false;
    element.querySelector("[data-job-cancel]")?.addEventListener("submit", (event) => this.cancel(event));
    this.draw(this.progress);
    if (TERMINAL.has(element.dataset.jobState)) {
      this.finish(element.dataset.jobState);
      return;
    }
    this.socket = new LabSocket(`/ws/jobs/${this.id}/`, {
      onOpen: () => this.stopPolling(),
      onLost: () => this.poll(),
      onMessage: (message) => this.apply(message),
    });
  }

  apply(message) {
    if (message.type !== "job" || message.id !== this.id || this.ended) return;
    if (!this.element.isConnected) {
      this.close();
      return;
    }
    // The snapshot may repeat what the page already shows; only an older message is dropped.
    if (message.seq < this.seq) return;
    this.seq = message.seq;
    if (message.state === "running" && !this.startedAt) this.startedAt = Date.now();
    this.setState(message.state);
    this.cancelling ||= message.cancelling;
    this.draw(message.progress ?? 0);
    if (this.cancelling && message.state === "running") this.say(text("cancelling"));
    else if (message.message) this.say(message.message);
    if (TERMINAL.has(message.state)) this.finish(message.state);
  }

  setState(state) {
    if (this.element.dataset.jobState === state) return;
    this.element.dataset.jobState = state;
    // What stands around it says the state, too.
    if (!TERMINAL.has(state) && this.element.closest("[data-job-whole]")) this.refresh();
    const badge = this.element.querySelector("[data-job-badge] .status");
    if (!badge || TERMINAL.has(state)) return;
    const dot = document.createElement("span");
    dot.className = "status-dot";
    badge.className = state === "running" ? "status status-busy" : "status status-wait";
    const word = text(`job-${state}`);
    badge.replaceChildren(dot, word.charAt(0).toUpperCase() + word.slice(1));
  }

  draw(progress) {
    if (this.cancelling) {
      this.drawCancelling();
      return;
    }
    this.progress = Math.max(this.progress, Math.min(progress, 1));
    const bar = this.element.querySelector("[data-job-bar]");
    if (bar) bar.value = this.progress;
    const percent = this.element.querySelector("[data-job-percent]");
    if (percent) percent.textContent = `${Math.floor(this.progress * 100)}\u202f%`;
    this.drawTimeLeft();
  }

  // How far it had come says nothing any more, and it is asked for only once.
  drawCancelling() {
    for (const place of this.element.querySelectorAll("[data-job-percent], [data-job-eta]")) place.textContent = "";
    const button = this.element.querySelector("[data-job-cancel] button");
    if (button) button.disabled = true;
  }

  drawTimeLeft() {
    const place = this.element.querySelector("[data-job-eta]");
    if (!place) return;
    const elapsed = this.startedAt ? (Date.now() - this.startedAt) / 1000 : 0;
    const known = elapsed > 3 && this.progress > 0.03 && this.progress < 1;
    place.textContent = known ? text("eta", { time: span((elapsed * (1 - this.progress)) / this.progress) }) : "";
  }

  say(words) {
    const line = this.element.querySelector("[data-job-message]");
    if (line) line.textContent = words;
    if (Date.now() - this.announcedAt < ANNOUNCE_EVERY) return;
    this.announcedAt = Date.now();
    announce(`${Math.floor(this.progress * 100)} %: ${words}`);
  }

  async cancel(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await postForm(form.action);
      this.cancelling = true;
      this.drawCancelling();
      this.say(text("cancelling"));
    } catch (error) {
      button.disabled = false;
      toast(error.message, { tone: "bad" });
    }
  }

  finish(state) {
    if (this.ended) return;
    this.close();
    const title = this.element.dataset.jobTitle;
    announce(`${title}: ${text(`job-${state}`)}`);
    this.refresh();
  }

  refresh() {
    const url = this.element.dataset.fragmentUrl;
    if (!url || !this.element.isConnected) return Promise.resolve();
    const target = this.element.closest("[data-job-whole]") ?? this.element;
    return window.htmx.ajax("GET", url, { target, swap: "outerHTML" });
  }

  poll() {
    if (this.polling || this.ended) return;
    this.polling = setInterval(() => {
      if (!this.element.isConnected) this.close();
      else this.ask().catch(() => {}); // unreachable just now: the next turn asks again
    }, POLL_EVERY);
  }

  // The fragment holds this component while the job is not over: it is read like a message. Anything else is the end.
  async ask() {
    const response = await fetch(this.element.dataset.fragmentUrl, {
      credentials: "same-origin",
      headers: { "HX-Request": "true" },
    });
    if (response.redirected) location.reload(); // signed out meanwhile
    if (!response.ok || this.ended) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector(`[data-job="${CSS.escape(this.id)}"]`);
    if (!fresh || TERMINAL.has(fresh.dataset.jobState)) {
      this.finish("ended");
      return;
    }
    this.apply({
      type: "job",
      id: this.id,
      seq: Number(fresh.dataset.jobSeq),
      state: fresh.dataset.jobState,
      progress: fresh.querySelector("[data-job-bar]").value,
      message: fresh.querySelector("[data-job-message]").textContent,
    });
  }

  stopPolling() {
    clearInterval(this.polling);
    this.polling = 0;
  }

  close() {
    this.ended = true;
    this.stopPolling();
    this.socket?.close();
  }
}

const views = new Map();

function bind(root) {
  for (const [element, view] of views) {
    if (element.isConnected) continue;
    view.close();
    views.delete(element);
  }
  const found = root.matches?.("[data-job]") ? [root] : [...root.querySelectorAll("[data-job]")];
  found.filter((element) => !views.has(element)).forEach((element) => views.set(element, new JobView(element)));
}

const begins = new WeakMap();

// How long it has run goes on from what the server said, by this page's own clock.
function tick() {
  for (const place of document.querySelectorAll("[data-job-ran]")) {
    if (!begins.has(place)) begins.set(place, Date.now() - Number(place.dataset.jobRan) * 1000);
    place.textContent = span((Date.now() - begins.get(place)) / 1000);
  }
}

class Indicator {
  constructor(element) {
    this.element = element;
    this.count = Number(element.dataset.count) || 0;
    this.states = new Map();
    this.changes = 0;
    this.wasOpen = false;
    this.draw();
    this.socket = new LabSocket("/ws/jobs/", {
      onOpen: () => this.opened(),
      onLost: () => this.recountSoon(),
      onMessage: (message) => this.apply(message),
    });
  }

  // What happened while the socket was away is not told again: the count is asked for. The same holds for a job that
  // the page counted and that ended before its first socket was open, as a quick backtest does.
  opened() {
    if (this.wasOpen || this.count > 0) this.recount();
    this.wasOpen = true;
  }

  async recount() {
    const changes = this.changes;
    try {
      const answers = await Promise.all(["queued", "running"].map((state) => getJson(`/api/jobs/?state=${state}&page_size=1`)));
      if (changes !== this.changes) {
        this.recountSoon(); // a job began or ended while the answer was on its way
        return;
      }
      this.count = answers.reduce((sum, answer) => sum + answer.count, 0);
      this.draw();
    } catch {
      // the count of the page stays until the next change
    }
  }

  recountSoon() {
    clearTimeout(this.doubt);
    this.doubt = setTimeout(() => this.recount(), 1500);
  }

  apply(message) {
    if (message.type !== "job") return;
    const known = this.states.get(message.id);
    if (known && known.seq >= message.seq) return;
    const over = TERMINAL.has(message.state);
    // A job first heard of as waiting is new; one first heard of later was counted when the page was made.
    const wasOver = known ? TERMINAL.has(known.state) : message.state === "queued";
    this.states.set(message.id, { seq: message.seq, state: message.state });
    this.count = Math.max(0, this.count + Number(wasOver) - Number(over));
    if (wasOver !== over) this.changes += 1;
    // It may also be an old job that waits again after its worker was lost.
    if (!known && message.state === "queued") this.recountSoon();
    this.draw();
    if (over && !wasOver) tellEnd(message);
  }

  draw() {
    this.element.classList.toggle("is-busy", this.count > 0);
    this.element.querySelector(".jobs-count").textContent = String(this.count);
    this.element.setAttribute("aria-label", `${this.element.dataset.label}: ${this.count}`);
  }
}

function tellEnd(message) {
  if (document.querySelector(`[data-job="${CSS.escape(message.id)}"]`) || !message.title) return;
  const words = `${message.title}: ${text(`job-${message.state}`)}`;
  const link = message.result_url ? { href: message.result_url, label: text("job-open") } : null;
  toast(words, { tone: message.state === "succeeded" ? "good" : message.state === "failed" ? "bad" : "info", link });
  if (document.hidden && "Notification" in window && Notification.permission === "granted") {
    new Notification("AlgoTrade Lab", { body: words, tag: message.id });
  }
}

// The browser's permission can only be asked for from a press; the menu offers it while it was neither given nor refused.
function offerNotifications() {
  const offer = document.querySelector("[data-notify]");
  if (!offer || !("Notification" in window) || Notification.permission !== "default") return;
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", async () => {
    offer.hidden = (await Notification.requestPermission()) !== "default";
  });
}

export function startJobs() {
  offerNotifications();
  const indicator = document.querySelector("[data-jobs-indicator]");
  if (indicator) new Indicator(indicator);
  bind(document);
  setInterval(tick, 1000);
  document.addEventListener("htmx:load", (event) => bind(event.detail.elt));
}
