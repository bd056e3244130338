// Forms: confirmation, one sending only, focus on the summary of errors, a warning before typed work is lost.
import { text } from "./texts.js";

function confirmFirst(event) {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

function sendOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-lab-form]")) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "1";
  const button = event.submitter ?? form.querySelector('button[type="submit"]');
  button?.setAttribute("aria-busy", "true");
  release(form, button);
}

// A download or a cancelled navigation leaves the page standing: the form must work again.
function release(form, button) {
  setTimeout(() => {
    delete form.dataset.sending;
    button?.removeAttribute("aria-busy");
  }, 5000);
}

function focusErrors(root) {
  const summary = root.querySelector?.("[data-error-summary]");
  if (!summary) return;
  summary.focus();
  summary.addEventListener("click", (event) => {
    const target = event.target.closest("a") && document.getElementById(event.target.closest("a").hash.slice(1));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  });
}

function guardTyping() {
  let dirty = null;
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.(".shell form[data-lab-form]"); // not logging in or registering
    if (form?.method === "post") dirty = form;
  });
  document.addEventListener("submit", () => {
    dirty = null;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!dirty?.isConnected) return;
    event.preventDefault();
    event.returnValue = text("leave");
  });
}

function searchShortcut() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

export function startForms() {
  document.addEventListener("submit", confirmFirst, true);
  document.addEventListener("submit", sendOnce);
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sending]").forEach((form) => delete form.dataset.sending);
    document.querySelectorAll('[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select, input[type=date], input[type=checkbox]")) form.requestSubmit();
  });
  document.addEventListener("htmx:load", (event) => focusErrors(event.detail.elt));
  focusErrors(document);
  guardTyping();
  searchShortcut();
}
