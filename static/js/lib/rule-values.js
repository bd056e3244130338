// The named values of a strategy of rules: rows instead of the JSON that the form sends.

const PARTS = ["value", "minimum", "maximum", "step"];
const NEW = { value: 10, minimum: 1, maximum: 100, step: 1 };

function part(row, name) {
  return row.querySelector(`[data-part="${name}"]`);
}

function numberIn(input) {
  return input.value.trim() === "" || Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber;
}

export class RuleValues {
  constructor(area, words) {
    this.area = area;
    this.words = words;
    this.box = document.getElementById("rule-values").content.cloneNode(true).firstElementChild;
    this.rows = this.box.querySelector("[data-rule-rows]");
    const values = this.stored();
    if (values === null) return; // something that is no JSON object: it stays visible as it was typed
    area.hidden = true;
    area.after(this.box);
    // Its label leads to a control that is not seen: the first name takes its place.
    area.closest(".field").querySelector("label.form-label")?.removeAttribute("for");
    this.set(values);
    this.rows.addEventListener("input", (event) => this.changed(event));
    this.rows.addEventListener("click", (event) => this.removed(event));
    this.box.querySelector("[data-rule-add]").addEventListener("click", () => this.add());
  }

  stored() {
    try {
      const values = JSON.parse(this.area.value || "{}");
      return values && typeof values === "object" && !Array.isArray(values) ? values : null;
    } catch {
      return null;
    }
  }

  set(values) {
    this.rows.replaceChildren();
    for (const [name, said] of Object.entries(values)) this.append(name, said);
    this.write();
  }

  append(name, said) {
    const row = document.getElementById("rule-value").content.cloneNode(true).firstElementChild;
    part(row, "name").value = name;
    for (const each of PARTS) part(row, each).value = said?.[each] ?? "";
    row.dataset.label = said?.label ?? "";
    this.rows.append(row);
    this.dress(row);
    return row;
  }

  dress(row) {
    row.querySelector("legend").textContent = part(row, "name").value;
    const slider = row.querySelector("[data-rule-slider]");
    slider.setAttribute("aria-label", row.dataset.label || part(row, "name").value);
    const [value, minimum, maximum, step] = PARTS.map((name) => numberIn(part(row, name)));
    slider.disabled = [value, minimum, maximum].includes(null) || minimum >= maximum;
    if (slider.disabled) return;
    slider.min = minimum;
    slider.max = maximum;
    slider.step = step > 0 ? step : "any";
    slider.value = value;
  }

  changed(event) {
    const row = event.target.closest(".rule-value");
    if (event.target.matches("[data-rule-slider]")) part(row, "value").value = event.target.value;
    else this.dress(row);
    this.write();
  }

  removed(event) {
    if (!event.target.closest("[data-rule-remove]")) return;
    const row = event.target.closest(".rule-value");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.write();
    (next?.querySelector("[data-rule-remove]") ?? this.box.querySelector("[data-rule-add]")).focus();
    this.announce();
  }

  add(name = "") {
    const free = name || ["period", "level", "length", "limit"].find((each) => !this.names().includes(each)) || "value";
    const row = this.append(free, NEW);
    this.write();
    this.announce();
    const focused = part(row, name ? "value" : "name");
    focused.focus();
    focused.select();
  }

  names() {
    return [...this.rows.children].map((row) => part(row, "name").value.trim());
  }

  // The form sends this; a name that comes twice is kept once and said to be wrong.
  write() {
    const values = {};
    for (const row of this.rows.children) {
      const name = part(row, "name").value.trim();
      const twice = name in values;
      this.say(row, twice ? this.words.textTwice : "");
      if (twice || (!name && this.rows.children.length > 1 && numberIn(part(row, "value")) === null)) continue;
      values[name] = Object.fromEntries(PARTS.map((each) => [each, numberIn(part(row, each))]));
      if (values[name].step === null) delete values[name].step;
      if (row.dataset.label) values[name].label = row.dataset.label;
    }
    this.area.value = JSON.stringify(values);
  }

  announce() {
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  say(row, message) {
    const said = row.querySelector("[data-rule-value-error]");
    if (said.textContent !== message) said.textContent = message;
    row.classList.toggle("is-refused", Boolean(message));
  }

  show(problems) {
    for (const row of this.rows.children) {
      const name = part(row, "name").value.trim();
      const said = row.querySelector("[data-rule-value-error]");
      if (said.textContent !== this.words.textTwice) this.say(row, problems[name] ?? "");
    }
    const all = this.box.querySelector("[data-rule-values-error]");
    all.textContent = this.names().includes("") ? "" : (problems[""] ?? "");
    all.hidden = !all.textContent;
  }
}
