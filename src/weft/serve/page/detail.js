// The chosen task: what is predicted, what is known of it, and what moved it.

import { Attributions } from "./attributions.js";
import { el } from "./dom.js";
import { COVERAGE } from "./subject.js";
import { classWords, difference, exact, labelWord, number } from "./words.js";

export class Detail {
  /**
   * @param {Element} place
   * @param {{mark: function(string, *): void, close: function(): void}} on told of labels (null forgets)
   */
  constructor(place, on) {
    this.place = place;
    this.on = on;
    this.attributions = new Attributions();
    this.extra = el("div", { class: "extra" });
    this.empty();
  }

  empty() {
    this.place.classList.remove("open");
    this.place.replaceChildren(el("p", { class: "soft" }, "Choose a task to see it closely, and to say what is known of it."));
  }

  /** @param {Subject} subject @param {string} name */
  update(subject, name) {
    const prediction = subject.predictions.get(name);
    const task = subject.kinds.get(name);
    const focus = this.place.contains(document.activeElement) ? document.activeElement.dataset.label : null;
    this.place.classList.add("open");
    this.place.replaceChildren(
      el("button", { type: "button", class: "close plain", "aria-label": "Close", click: () => this.on.close() }, "×"),
      el("h2", {}, name),
      verdict(task, prediction, subject.moved(name)),
      this.#knowing(task, subject.known[name] ?? null),
      this.attributions.element,
      this.extra,
    );
    if (focus) this.place.querySelector(`[data-label="${CSS.escape(focus)}"]`)?.focus();
    this.attributions.show(subject, task);
  }

  #knowing(task, label) {
    const set = (value) => this.on.mark(task.name, value);
    const input = task.kind === "regression" ? measured(task, label, set) : choices(task, label, set);
    return el("fieldset", { class: "knowing" }, el("legend", {}, "What is known of it?"), input);
  }
}

/** One button per class, and one to forget. */
function choices(task, label, set) {
  const words = task.kind === "binary" ? classWords(task) : task.classes;
  const button = (word, value) => {
    const attributes = { type: "button", "data-label": word, "aria-pressed": String(value === label), click: () => set(value) };
    return el("button", attributes, word);
  };
  const known = task.classes.map((name, at) => button(words[at], name));
  return el("div", { class: "choices" }, button("unknown", null), ...known);
}

/** A field for a number, and a button to forget. */
function measured(task, label, set) {
  const field = el("input", { id: "measured", type: "number", step: "any", required: true, value: label, "aria-label": `Measured ${task.name}`, "data-label": "value" });
  const submit = (event) => {
    event.preventDefault();
    set(field.valueAsNumber);
  };
  const forget = el("button", { type: "button", "data-label": "unknown", "aria-pressed": String(label === null), click: () => set(null) }, "unknown");
  return el("form", { class: "choices", submit }, field, el("button", { "data-label": "set" }, "set"), forget);
}

/** The prediction in words. */
function verdict(task, prediction, moved) {
  const { value, label, std, known, kind } = prediction;
  const [no, yes] = kind === "binary" ? classWords(task) : [];
  const what = { binary: yes === "yes" ? "probability of yes" : `probability of ${yes}, not ${no}`, multiclass: `probability of ${label}`, regression: "predicted value" }[kind];
  const lines = [std !== null && std !== undefined && `± ${exact(std, kind)}, one standard deviation`, sure(task, prediction)];
  if (moved) lines.push(`${difference(moved, kind)} by the last change`);
  if (known !== null) lines.push(`Known: ${labelWord(task, known)}. The prediction is made without this label.`);
  return el(
    "div",
    { class: "verdict" },
    el("p", {}, el("b", { class: "big" }, exact(value, kind)), ` ${what}`),
    prediction.shares && shares(prediction.shares),
    ...lines.filter(Boolean).map((line) => el("p", { class: "soft" }, line)),
  );
}

/** The calibrated set or interval, in words. */
function sure(task, { set, low, high, kind }) {
  const [name, holds] = [`${100 * COVERAGE} %`, `Such ${kind === "regression" ? "intervals" : "sets"} hold the truth ${100 * COVERAGE} times in 100.`];
  if (kind === "regression") {
    if ((low ?? null) === null && (high ?? null) === null) return null;
    return `${name} interval: ${low === null ? "−∞" : number(low)} to ${high === null ? "∞" : number(high)}. ${holds}`;
  }
  if (!set) return null;
  const words = set.map((label) => labelWord(task, label)).join(" or ") || "empty, unlike what it was calibrated on";
  return `${name} set: ${words}${set.length === task.classes.length ? ", nothing is ruled out" : ""}. ${holds}`;
}

function shares(all) {
  const rows = Object.entries(all).sort(([, a], [, b]) => b - a);
  return el("ul", { class: "shares" }, ...rows.map(([name, share]) => el("li", {}, el("span", {}, name), el("b", {}, number(share, "multiclass")))));
}

