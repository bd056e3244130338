// The translated words of templates/components/_texts.html.
const texts = new Map();
const template = document.getElementById("lab-texts");
template?.content.querySelectorAll("[data-text]").forEach((node) => texts.set(node.dataset.text, node.textContent));

/** Returns the words for a key, with {name} replaced by values.name. */
export function text(key, values = {}) {
  const words = texts.get(key) ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
