// The list of jobs: bars move with the socket's messages; a job that begins, ends or is new has the rows asked for again.
import { span } from "../lib/numbers.js";
import { LabSocket } from "../lib/socket.js";
import { text } from "../lib/texts.js";

const SETTLE = 400;
const EVERY = 15000; // places in the queue move without a message of their own
const EVERY_ALONE = 2000; // no socket
const MINE = "/ws/jobs/"; // the top bar opens it on each page
const OF_ALL = "/ws/jobs/all/";

const states = new Map();
let connected = false;
let waiting = 0;
let asking = false;
let askedAt = Date.now();

const rows = () => document.querySelector("[data-job-rows]");
const path = rows()?.hasAttribute("data-others") ? OF_ALL : MINE;
const rowOf = (id) => document.querySelector(`[data-job-row="${CSS.escape(id)}"]`);

async function ask() {
  if (asking || document.hidden) return;
  asking = true;
  askedAt = Date.now();
  try {
    await window.htmx.ajax("GET", location.pathname + location.search, { target: "#job-rows", select: "#job-rows", swap: "outerHTML" });
  } finally {
    asking = false;
  }
}

// Not put off by what comes meanwhile: in a busy lab something begins or ends all the time.
function askSoon() {
  waiting ||= setTimeout(() => {
    waiting = 0;
    if (asking) askSoon();
    else ask();
  }, SETTLE);
}

function draw(row, message) {
  if (message.seq < Number(row.dataset.jobSeq)) return;
  row.dataset.jobSeq = message.seq;
  const bar = row.querySelector("[data-job-bar]");
  if (!bar) return;
  bar.value = Math.max(bar.value, message.progress);
  row.querySelector("[data-job-percent]").textContent = `${Math.floor(bar.value * 100)}\u202f%`;
  const left = row.querySelector("[data-job-eta]");
  left.textContent = message.eta === null || message.eta === undefined ? "" : text("eta", { time: span(message.eta) });
  row.querySelector("[data-job-message]").textContent = message.cancelling ? text("cancelling") : message.message;
}

function follow(message) {
  const row = rowOf(message.id);
  const known = row?.dataset.jobState ?? states.get(message.id);
  states.set(message.id, message.state);
  if (known !== message.state) askSoon();
  else if (row) draw(row, message);
}

document.addEventListener("lab:job", (event) => follow(event.detail));
document.addEventListener("lab:socket", (event) => {
  if (event.detail.path !== path) return;
  if (event.detail.open && !connected) askSoon(); // what happened while it was away was not told
  connected = event.detail.open;
});
if (path === OF_ALL) new LabSocket(OF_ALL);
setInterval(() => {
  const hasNews = rows()?.hasAttribute("data-active") || (path === OF_ALL && !connected);
  if (hasNews && Date.now() - askedAt >= (connected ? EVERY : EVERY_ALONE)) ask();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) askSoon();
});
