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
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const key = status === 403 || status === 401 ? "denied" : status === 404 ? "gone" : "server-error";
  toast(text(key), { tone: "bad" });
});
document.addEventListener("htmx:sendError", () => toast(text("offline"), { tone: "bad" }));
