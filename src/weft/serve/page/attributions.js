// What moved the chosen task: every known label with its effect, as bars to the left and right of nothing.

import { breakable, el, span } from "./dom.js";
import { tell } from "./problem.js";
import { count, difference, exact, labelWord } from "./words.js";

/** Effects drawn; the others are summed up. */
const MOST = 12;
/** A person who walks down the list asks for the row they stop at. */
const PAUSE_MS = 120;

export class Attributions {
  constructor() {
    this.body = el("div", { "aria-live": "polite" });
    this.element = el("section", { class: "attributions" }, el("h3", {}, "What moved it"), this.body);
    this.asked = 0;
  }

  /** @param {Subject} subject @param {Object} task */
  async show(subject, task) {
    const asked = ++this.asked;
    const others = Object.keys(subject.known).filter((name) => name !== task.name);
    if (!others.length) {
      const what = "No other task is known. Mark one as known, and its effect on this one stands here.";
      this.body.replaceChildren(el("p", { class: "soft" }, what));
      return;
    }
    this.element.classList.add("waiting");
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (asked !== this.asked) return;
    try {
      const answer = await subject.explain(task.name);
      if (asked === this.asked) this.body.replaceChildren(...drawn(answer, subject, task));
    } catch (error) {
      if (asked === this.asked) tell(this.body, error);
    }
    if (asked === this.asked) this.element.classList.remove("waiting");
  }
}

function drawn(answer, subject, task) {
  const { base, full, effects, method, label } = answer;
  const shown = effects.slice(0, MOST);
  const widest = Math.max(...effects.map(({ effect }) => Math.abs(effect)), 1e-12);
  const rest = effects.slice(MOST);
  const of = label && task.kind === "multiclass" ? ` (of ${label})` : "";
  return [
    el("p", { class: "path" }, `${exact(base, task.kind)}${of} with nothing known → `, el("b", {}, exact(full, task.kind)), ` with ${count(effects.length, "label")}`),
    el("ol", { class: "effects" }, ...shown.map((effect) => row(effect, subject, task, widest))),
    rest.length > 0 && el("p", { class: "soft" }, `${count(rest.length, "weaker label")} together ${difference(sum(rest), task.kind)}`),
    el("p", { class: "soft small" }, meaning(method)),
  ].filter(Boolean);
}

function row({ task: name, known, effect }, subject, task, widest) {
  const bar = el("span", { class: "effect", "aria-hidden": "true" });
  const size = effect / widest / 2;
  bar.append(span(el("i", { class: effect < 0 ? "down" : "up" }), Math.min(0.5, 0.5 + size), Math.max(0.5, 0.5 + size)));
  const word = labelWord(subject.kinds.get(name), known);
  return el("li", {}, el("span", { class: "name" }, ...breakable(name), " ", el("em", {}, word)), bar, el("b", {}, difference(effect, task.kind)));
}

function sum(effects) {
  return effects.reduce((total, { effect }) => total + effect, 0);
}

function meaning(method) {
  return method === "shapley"
    ? "Shapley values: they add up to the whole move."
    : "The prediction less what it would be without this label; labels that say the same share their effect.";
}
