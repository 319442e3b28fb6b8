// What to measure next: unmeasured tasks by what knowing them should teach.

import { breakable, el, span } from "./dom.js";
import { tell } from "./problem.js";

const COUNT = 6;
/** What is learnt of another task is told from here on, in nats. */
const LEAST = 0.005;

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
    const rows = candidates.map((candidate) => row(candidate, best, this.choose));
    const what = "What a result is expected to teach, in nats: of the task itself (thin), and of the others (thick).";
    this.result.replaceChildren(el("p", { class: "soft small" }, what), el("ol", { class: "gains" }, ...rows));
  }
}

/** One candidate, with the task that it tells most about besides itself. */
function row({ task, gain, own, about }, best, choose) {
  const name = el("button", { type: "button", class: "plain name", click: () => choose(task) }, ...breakable(task));
  const parts = [span(el("i", { class: "own" }), 0, own / best), span(el("i"), own / best, gain / best)];
  const [most] = Object.entries(about ?? {}).sort(([, a], [, b]) => b - a);
  const tells = most && most[1] >= LEAST && el("span", { class: "tells" }, `tells most of ${most[0]}`);
  return el("li", {}, name, el("span", { class: "gain", "aria-hidden": "true" }, ...parts), el("b", {}, share(gain)), tells);
}

function share(gain) {
  return gain >= 0.01 ? gain.toFixed(2) : gain > 0 ? "<0.01" : "0";
}
