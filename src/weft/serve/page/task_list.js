// The list of tasks: filter, order, one stop for the Tab key, arrows between rows, letters to mark.

import { Bar } from "./bar.js";
import { breakable, el } from "./dom.js";
import { listed } from "./order.js";
import { count, difference, labelWord, number } from "./words.js";

/** Rows drawn at first, and with every "show more". */
const PAGE = 50;

class Row {
  constructor(task) {
    this.task = task;
    this.bar = new Bar();
    this.parts = { known: el("em", { class: "badge" }), value: el("b", { class: "value" }), move: el("span", { class: "moved" }) };
    const { known, value, move } = this.parts;
    const name = el("span", { class: "name" }, el("span", {}, ...breakable(task.name)), task.added && el("em", { class: "badge" }, "added"), known);
    this.element = el("li", { role: "option", class: "row", "data-task": task.name }, name, this.bar.element, value, move);
  }

  update(subject, chosen) {
    const prediction = subject.predictions.get(this.task.name);
    const { known, value, move } = this.parts;
    this.bar.update({ ...prediction, classes: this.task.classes }, subject.before.get(this.task.name));
    known.textContent = prediction.known === null ? "" : `known: ${labelWord(this.task, prediction.known)}`;
    value.textContent = (prediction.shares ? `${prediction.label} ` : "") + number(prediction.value, prediction.kind);
    const moved = subject.moved(this.task.name);
    move.textContent = moved === null ? "" : difference(moved, prediction.kind);
    move.className = `moved ${moved > 0 ? "up" : "down"} ${move.textContent === "0" ? "still" : ""}`;
    this.element.classList.toggle("settled", prediction.known !== null);
    this.element.setAttribute("aria-selected", String(this.task.name === chosen));
    this.element.tabIndex = this.task.name === chosen ? 0 : -1;
  }
}

export class TaskList {
  /**
   * @param {DocumentFragment} root copy of the template `explorer`
   * @param {{choose: function(string): void, mark: function(string, string): void}} on
   */
  constructor(root, on) {
    this.on = on;
    this.rows = new Map();
    this.shown = PAGE;
    this.chosen = null;
    this.filter = root.querySelector(".filter");
    this.sort = root.querySelector(".sort");
    this.more = root.querySelector(".more");
    this.list = el("ul", { role: "listbox", "aria-label": "Tasks", keydown: (event) => this.#key(event) });
    root.querySelector(".list").append(this.list);
    this.list.addEventListener("click", (event) => this.#pick(event.target.closest("[role=option]")));
    for (const input of [this.filter, this.sort]) input.addEventListener("input", () => this.#again());
  }

  /** Draw what the subject now says. @param {Subject} subject @param {?string} chosen */
  update(subject, chosen) {
    this.subject = subject;
    this.chosen = chosen;
    const names = listed(subject, this.filter.value, this.sort.value);
    const drawn = names.slice(0, this.shown).map((name) => this.#row(name));
    for (const row of drawn) row.update(subject, chosen);
    const elements = drawn.map((row) => row.element);
    this.#place(elements);
    if (elements.length && !elements.some((element) => element.tabIndex === 0)) elements[0].tabIndex = 0;
    this.#rest(names.length, elements.length);
  }

  /** Show that the rows are about to change. */
  wait(is) {
    this.list.classList.toggle("waiting", is);
  }

  /** Put a task's row in sight, above what covers the bottom of a small screen. */
  reveal(name, focus) {
    const row = this.rows.get(name)?.element;
    if (!row?.isConnected) return;
    if (focus) row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  #row(name) {
    const task = this.subject.kinds.get(name);
    if (this.rows.get(name)?.task !== task) this.rows.set(name, new Row(task));
    return this.rows.get(name);
  }

  /** Keep elements that stay where they are: moving one would take its focus. */
  #place(elements) {
    const same = elements.length === this.list.children.length && elements.every((e, k) => e === this.list.children[k]);
    if (same) return;
    const focused = elements.includes(document.activeElement) ? document.activeElement : null;
    this.list.replaceChildren(...elements);
    focused?.focus();
  }

  #rest(found, drawn) {
    const all = this.subject.tasks.length;
    const text = found < all ? `${found} of ${count(all, "task")} fit the filter` : "";
    const button = el("button", { type: "button", class: "plain", click: () => this.#show(PAGE) }, `Show ${Math.min(PAGE, found - drawn)} more`);
    const rest = found > drawn ? [`${drawn} of ${found} are drawn. `, button] : [text];
    this.more.replaceChildren(...rest);
  }

  #show(extra) {
    const last = this.list.lastElementChild;
    this.shown += extra;
    this.update(this.subject, this.chosen);
    last?.nextElementSibling?.focus();
  }

  #again() {
    this.shown = PAGE;
    if (this.subject) this.update(this.subject, this.chosen);
  }

  #pick(option) {
    if (option) this.on.choose(option.dataset.task);
  }

  #key(event) {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowDown: option.nextElementSibling, ArrowUp: option.previousElementSibling,
      Home: this.list.firstElementChild, End: this.list.lastElementChild }[event.key]; // prettier-ignore
    if (to) to.focus();
    else if (event.key === "Enter" || event.key === " ") this.#pick(option);
    else if (/^[ynf]$/.test(event.key)) this.on.mark(option.dataset.task, event.key);
    else return;
    event.preventDefault();
    if (to) this.#pick(to);
  }
}
