// What every page starts. Charts are fetched only where a page has one.
import { installHtmxCsrf } from "./lib/csrf.js";
import { startForms } from "./lib/forms.js";
import { startJobs } from "./lib/jobs.js";
import { startTables } from "./lib/tables.js";
import { text } from "./lib/texts.js";
import { toast } from "./lib/toast.js";

async function mountCharts(root) {
  if (!root.matches?.("[data-chart]") && !root.querySelector("[data-chart]")) return;
  const { mountAll } = await import("./lib/mount.js");
  mountAll(root);
}

installHtmxCsrf();
startForms();
startTables();
if (document.body.hasAttribute("data-signed-in")) startJobs();
mountCharts(document);
document.addEventListener("htmx:load", (event) => mountCharts(event.detail.elt));
// A fragment that turns out to be the log-in page means the session is over: the whole page goes there.
document.addEventListener("htmx:beforeSwap", (event) => {
  const login = document.querySelector('meta[name="lab-login"]')?.content;
  const answered = event.detail.xhr.responseURL && new URL(event.detail.xhr.responseURL).pathname;
  if (!login || answered !== login || location.pathname === login) return;
  event.detail.shouldSwap = false;
  location.reload();
});
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const key = status === 403 || status === 401 ? "denied" : status === 404 ? "gone" : "server-error";
  toast(text(key), { tone: "bad" });
});
document.addEventListener("htmx:sendError", () => toast(text("offline"), { tone: "bad" }));
