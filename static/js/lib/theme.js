// Sets the theme before the first paint (a classic script in the head), and serves the theme menu.
(function () {
  "use strict";
  const KEY = "lab-theme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      const stored = localStorage.getItem(KEY);
      return stored === "light" || stored === "dark" ? stored : "auto";
    } catch {
      return "auto"; // storage may be forbidden: the system's theme is right then
    }
  }

  function apply() {
    const chosen = choice();
    const theme = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
    const changed = root.getAttribute("data-bs-theme") !== theme;
    root.setAttribute("data-bs-theme", theme);
    document.querySelectorAll("[data-theme-set]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen));
    });
    if (changed) document.dispatchEvent(new CustomEvent("lab:theme", { detail: theme }));
  }

  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", (event) => event.key === KEY && apply());
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeSet);
    } catch {
      root.setAttribute("data-bs-theme", button.dataset.themeSet);
      return;
    }
    apply();
  });
})();
