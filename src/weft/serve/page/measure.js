// What to measure next: unmeasured tasks by what knowing them should teach.

import { el, span } from "./dom.js";
import { tell } from "./problem.js";

const COUNT = 8;

export class Measure {
  /** @param {Element} place @param {function(string): void} choose told of a task that is followed */
  constructor(place, choose) {
    this.choose = choose;
    this.target = el("option", { value: "" }, "the chosen task");
    this.about = el("select", {}, el("option", { value: "all" }, "all tasks"), this.target);
    this.result = el("div", { "aria-live": "polite" });
    const button = el("button", { type: "button", click: () => this.ask() }, "What to measure next?");
    const about = el("label", {}, "to learn about ", this.about);
    place.replaceChildren(el("div", { class: "line wrap" }, button, about), this.result);
  }

  /** What was ranked no longer holds. @param {Subject} subject @param {?string} chosen */
  update(subject, chosen, changed) {
    this.subject = subject;
    this.chosen = chosen;
    this.target.textContent = chosen ?? "the chosen task";
    this.target.disabled = !chosen;
    if (changed && this.result.children.length) {
      this.result.replaceChildren(el("p", { class: "soft" }, "What is known has changed: ask again."));
    }
  }

  async ask() {
    const targets = this.about.value === "all" || !this.chosen ? null : [this.chosen];
    this.result.classList.add("waiting");
    try {
      this.#show(await this.subject.measureNext(targets, COUNT));
    } catch (error) {
      tell(this.result, error);
    }
    this.result.classList.remove("waiting");
  }

  #show({ candidates }) {
    const best = Math.max(...candidates.map(({ gain }) => gain), 1e-12);
    const row = ({ task, gain }) => {
      const name = el("button", { type: "button", class: "plain name", click: () => this.choose(task) }, task);
      const bar = el("span", { class: "gain", "aria-hidden": "true" }, span(el("i"), 0, Math.max(0, gain / best)));
      return el("li", {}, name, bar, el("b", {}, share(gain)));
    };
    const what = candidates.length
      ? "By how much of the uncertainty the result is expected to take away:"
      : "Nothing is left to measure.";
    this.result.replaceChildren(el("p", { class: "soft" }, what), el("ol", { class: "gains" }, ...candidates.map(row)));
  }
}

function share(gain) {
  return gain === 0 ? "0" : gain >= 0.01 ? gain.toFixed(2) : gain.toPrecision(2);
}
