// One text area with a rule: grows with its text, marks the place of an error, says what was found below it.

const STYLES = ["paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth", "fontFamily", "fontSize", "fontWeight", "lineHeight", "letterSpacing", "tabSize"];

export class RuleField {
  constructor(area, words) {
    this.area = area;
    this.words = words;
    this.found = null;
    this.wrap();
    this.feedback = document.getElementById("rule-feedback").content.cloneNode(true).firstElementChild;
    this.feedback.id = `${area.id}-found`;
    this.wrapper.after(this.feedback);
    area.setAttribute("aria-describedby", `${area.getAttribute("aria-describedby") ?? ""} ${this.feedback.id}`.trim());
    area.addEventListener("input", () => this.typed());
    area.addEventListener("scroll", () => this.follow());
    this.feedback.querySelector("[data-rule-show]").addEventListener("click", () => this.showPlace());
    new ResizeObserver(() => this.fit()).observe(this.wrapper);
    this.fit();
  }

  wrap() {
    this.wrapper = document.createElement("div");
    this.wrapper.className = "rule-input";
    this.marks = document.createElement("div");
    this.marks.className = "rule-marks";
    this.marks.setAttribute("aria-hidden", "true");
    this.area.before(this.wrapper);
    this.wrapper.append(this.marks, this.area);
    this.area.classList.add("mono");
  }

  get text() {
    return this.area.value;
  }

  set text(value) {
    this.area.value = value;
    this.typed();
  }

  typed() {
    this.drawMarks(0, 0);
    this.fit();
  }

  fit() {
    // The height of the text: through the object model, which the content security policy allows.
    this.area.style.height = "auto";
    this.area.style.height = `${this.area.scrollHeight + 2}px`;
    const style = getComputedStyle(this.area);
    for (const name of STYLES) this.marks.style[name] = style[name];
    this.follow();
  }

  follow() {
    this.marks.scrollTop = this.area.scrollTop;
  }

  drawMarks(start, end) {
    this.marks.replaceChildren();
    if (end < start || (!start && !end)) return;
    const text = this.text;
    const mark = document.createElement("mark");
    // An error at the end of the text has no character of its own: a blank stands for it.
    mark.textContent = text.slice(start, end) || "\u2007";
    this.marks.append(text.slice(0, start), mark, text.slice(end), "\n");
  }

  // What the server found: undefined for an empty rule.
  show(found) {
    this.found = found ?? null;
    const refused = Boolean(found && !found.ok);
    const said = this.feedback.querySelector("[data-rule-said]");
    const words = !found ? "" : refused ? this.refusal(found) : found.words;
    if (said.textContent !== words) said.textContent = words;
    this.feedback.dataset.state = refused ? "refused" : found ? "fine" : "empty";
    this.area.classList.toggle("is-invalid", refused);
    this.area.setAttribute("aria-invalid", String(refused));
    this.feedback.querySelector(".rule-actions").hidden = !refused || !this.text.trim();
    const declare = this.feedback.querySelector("[data-rule-declare]");
    declare.hidden = !found?.unknown;
    declare.textContent = this.words.textDeclare.replace("{name}", found?.unknown ?? "");
    this.drawMarks(refused ? found.start : 0, refused ? Math.max(found.end, found.start) : 0);
    // What the server printed beside the field belongs to an older text.
    const printed = this.area.closest(".field").querySelector(":scope > .field-errors");
    if (printed) printed.hidden = true;
    this.fit(); // the frame of a refused field is another one
  }

  refusal(found) {
    return this.text.trim() ? `${found.place}: ${found.message}` : found.message;
  }

  showPlace() {
    if (!this.found) return;
    this.area.focus();
    this.area.setSelectionRange(this.found.start, Math.max(this.found.end, this.found.start));
  }

  insert(text) {
    const { area } = this;
    area.focus();
    const before = area.value.slice(0, area.selectionStart);
    const glue = before && !/[\s([]$/.test(before) && /^\w/.test(text) ? " " : "";
    area.setRangeText(glue + text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
