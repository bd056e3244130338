// Step one of an import: dropping a file, and how far its upload is. Without this script the form works as it stands.
import { csrfToken } from "../lib/csrf.js";
import { span } from "../lib/numbers.js";
import { text } from "../lib/texts.js";
import { announce } from "../lib/toast.js";

const SHOWN_FROM = 512 * 1024; // a smaller file is there before a bar could be read

class Upload {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.panel = form.querySelector("[data-upload-progress]");
    this.bar = form.querySelector("[data-upload-bar]");
    this.words = form.querySelector("[data-upload-words]");
    this.error = form.querySelector("[data-upload-error]");
    this.buttons = [...form.querySelectorAll(".form-buttons .btn")];
    this.catchDrops(form.querySelector("[data-drop]"));
    form.querySelector("[data-upload-stop]").addEventListener("click", () => this.request?.abort());
    form.addEventListener("submit", (event) => this.send(event));
    // A chosen file goes at once: there is nothing else to fill in here.
    this.input.addEventListener("change", () => {
      this.refuse("");
      if (this.input.files.length) form.requestSubmit();
    });
  }

  catchDrops(zone) {
    const over = (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      zone.classList.toggle("is-over", event.type === "dragover");
    };
    zone.addEventListener("dragover", over);
    zone.addEventListener("dragleave", over);
    zone.addEventListener("drop", (event) => {
      over(event);
      if (!event.dataTransfer?.files.length || this.request) return;
      this.input.files = event.dataTransfer.files;
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  send(event) {
    event.preventDefault();
    if (this.request) return;
    if (!this.input.files.length) {
      this.refuse(text("upload-choose"));
      return;
    }
    const request = new XMLHttpRequest();
    this.request = request;
    this.startedAt = Date.now();
    request.upload.addEventListener("progress", (step) => this.draw(step.loaded, step.total));
    request.addEventListener("load", () => this.receive(request));
    request.addEventListener("error", () => this.end(text("offline")));
    request.addEventListener("abort", () => this.end(""));
    request.open("POST", this.form.action);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("X-Requested-With", "fetch");
    request.setRequestHeader("Accept", "application/json");
    this.refuse("");
    this.panel.hidden = this.input.files[0].size < SHOWN_FROM;
    this.buttons.forEach((button) => button.setAttribute("aria-busy", "true"));
    request.send(new FormData(this.form));
  }

  draw(loaded, total) {
    if (!total) return;
    this.bar.value = loaded / total;
    const seconds = (Date.now() - this.startedAt) / 1000;
    const percent = `${Math.floor((100 * loaded) / total)}\u202f%`;
    const left = seconds > 2 && loaded < total ? text("eta", { time: span((seconds * (total - loaded)) / loaded) }) : "";
    this.words.textContent = loaded < total ? [text("uploading"), percent, left].filter(Boolean).join(" ") : text("upload-looking");
  }

  receive(request) {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      answer = {}; // an error page of something in between
    }
    if (request.status < 300 && answer.url) {
      announce(text("upload-looking"));
      location.assign(answer.url);
      return;
    }
    this.end(answer.detail || text(request.status === 413 ? "upload-too-large" : "server-error"));
  }

  end(words) {
    this.request = null;
    this.panel.hidden = true;
    this.bar.value = 0;
    this.input.value = "";
    this.buttons.forEach((button) => button.removeAttribute("aria-busy"));
    delete this.form.dataset.sending;
    this.refuse(words);
  }

  refuse(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
  }
}

document.querySelectorAll("[data-upload-form]").forEach((form) => new Upload(form));
