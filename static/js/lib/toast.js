// Short notices in the corner, and the live region that screen readers follow.
import { text } from "./texts.js";

const SECONDS = { good: 8, info: 8, bad: 20 };

export function announce(words) {
  const region = document.getElementById("live");
  if (!region || region.textContent === words) return;
  region.textContent = words;
}

/** Shows a toast; link is {href, label}. It stays while the pointer or the focus is on it. */
export function toast(words, { tone = "info", link = null } = {}) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const item = document.createElement("div");
  item.className = `lab-toast lab-toast-${tone}`;
  const line = document.createElement("p");
  line.textContent = words;
  item.append(line);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.textContent = link.label;
    item.append(anchor);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", text("dismiss"));
  close.addEventListener("click", () => item.remove());
  item.append(close);
  box.append(item);
  announce(words);
  let timer = 0;
  const start = () => {
    timer = setTimeout(() => item.remove(), SECONDS[tone] * 1000);
  };
  const hold = () => clearTimeout(timer);
  item.addEventListener("pointerenter", hold);
  item.addEventListener("pointerleave", start);
  item.addEventListener("focusin", hold);
  item.addEventListener("focusout", start);
  start();
}
