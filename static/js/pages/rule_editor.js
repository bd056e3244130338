// The strategy form for rules: checked while one types, with functions and examples at hand.
import { postForm } from "../lib/csrf.js";
import { RuleField } from "../lib/rule-field.js";
import { RuleValues } from "../lib/rule-values.js";

const QUIET_MS = 250;
const ROLES = ["long_entry", "long_exit", "short_entry", "short_exit", "size"];

const editor = document.getElementById("rule-editor");
const form = document.getElementById("strategy-form");

function field(name) {
  return form.elements.namedItem(`parameters-${name}`);
}

class Editor {
  constructor() {
    this.words = editor.dataset;
    this.fields = new Map(ROLES.map((role) => [role, new RuleField(field(role), this.words)]));
    this.values = new RuleValues(field("values"), this.words);
    this.last = this.fields.get("long_entry");
    this.asked = 0;
    this.timer = 0;
    this.library = editor.querySelector("[data-rule-library]");
    field("long_entry").closest(".field").before(this.library);
    field("values").closest(".field").after(editor);
    form.addEventListener("input", (event) => this.typed(event));
    for (const rule of this.fields.values()) {
      rule.area.addEventListener("focus", () => {
        this.last = rule;
      });
      rule.feedback.querySelector("[data-rule-declare]").addEventListener("click", () => {
        if (rule.found?.unknown) this.values.add(rule.found.unknown);
      });
    }
    this.bindLibrary();
    this.check();
  }

  typed(event) {
    if (!event.target.closest(".rule-input, .rule-values") && event.target !== this.values.area) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), QUIET_MS);
  }

  async check() {
    this.asked += 1;
    const mine = this.asked;
    let answer;
    try {
      const data = new FormData();
      for (const name of [...ROLES, "values"]) data.set(`parameters-${name}`, field(name).value);
      answer = await (await postForm(this.words.checkUrl, data)).json();
    } catch (error) {
      if (mine === this.asked) this.report(`${this.words.textUnchecked} ${error.message}`);
      return;
    }
    if (mine !== this.asked) return; // a newer text is on its way
    for (const [role, rule] of this.fields) rule.show(answer.rules[role]);
    this.values.show(answer.values);
    const warmup = answer.ok ? this.words.textWarmup.replace("{bars}", answer.warmup) : "";
    this.report([...answer.notes, warmup].filter(Boolean).join(" "));
  }

  report(said) {
    const box = editor.querySelector("[data-rule-report]");
    if (box.textContent !== said) box.textContent = said;
  }

  bindLibrary() {
    const library = this.library;
    library.querySelector("#rule-search").addEventListener("input", (event) => {
      event.stopPropagation(); // searching changes nothing of the strategy
      this.search(event.target.value);
    });
    library.querySelector("#rule-search").addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // not the form's button
    });
    library.addEventListener("click", (event) => {
      const entry = event.target.closest("[data-rule-written]");
      if (entry) this.insert(entry);
      const example = event.target.closest("[data-rule-example]");
      if (example) this.useExample(example.dataset.ruleExample);
    });
    library.querySelector("[data-rule-undo] button").addEventListener("click", () => this.undo());
  }

  insert(entry) {
    // Written out with its defaults: a name and an equals sign are more to read than to keep.
    const text = entry.dataset.ruleWritten.replace(/\w+=/g, "");
    this.last.insert(text);
  }

  search(typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    let any = false;
    for (const group of this.library.querySelectorAll("[data-rule-group]")) {
      let some = false;
      for (const entry of group.querySelectorAll(".rule-entry")) {
        const text = `${entry.textContent} ${entry.dataset.ruleName}`.toLowerCase();
        entry.hidden = !words.every((word) => text.includes(word));
        some ||= !entry.hidden;
      }
      group.hidden = !some;
      any ||= some;
    }
    this.library.querySelector("[data-rule-none]").hidden = any;
  }

  useExample(key) {
    const examples = JSON.parse(document.getElementById("rule-examples").textContent);
    const example = examples.find((each) => each.key === key);
    this.before = { rules: Object.fromEntries(ROLES.map((role) => [role, field(role).value])), values: field("values").value };
    this.put(example.rules, example.values);
    const undo = this.library.querySelector("[data-rule-undo]");
    undo.hidden = false;
    undo.querySelector("span").textContent = this.words.textExample.replace("{name}", example.label);
  }

  undo() {
    this.put(this.before.rules, JSON.parse(this.before.values || "{}"));
    this.library.querySelector("[data-rule-undo]").hidden = true;
    this.library.querySelector("[data-rule-example]").focus();
  }

  put(rules, values) {
    for (const [role, rule] of this.fields) rule.text = rules[role] ?? "";
    this.values.set(values);
    this.values.announce();
  }
}

if (editor && form && field("long_entry")) new Editor();
