// Requests to our own server, with the CSRF token and errors in words.
import { text } from "./texts.js";

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

export class RequestError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

function wordsFor(status) {
  if (status === 401 || status === 403) return text("denied");
  if (status === 404 || status === 410) return text("gone");
  return text("server-error");
}

async function send(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(text("offline"));
  }
  if (response.ok) return response;
  let detail = "";
  try {
    detail = (await response.json()).detail ?? "";
  } catch {
    detail = ""; // an error page instead of JSON: the status says enough
  }
  throw new RequestError(detail || wordsFor(response.status), response.status);
}

/** Fetches JSON; throws a RequestError with words for the user. */
export async function getJson(url, { signal } = {}) {
  const response = await send(url, { signal, headers: { Accept: "application/json" } });
  if (!(response.headers.get("content-type") ?? "").includes("json")) throw new RequestError(text("denied"), 403);
  return response.json();
}

/** Posts a FormData (or an object) and returns the Response. */
export function postForm(url, data = {}) {
  const headers = { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch", Accept: "application/json" };
  const body = data instanceof FormData ? data : new URLSearchParams(data);
  return send(url, { method: "POST", body, headers });
}

export function installHtmxCsrf() {
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = csrfToken();
  });
}
