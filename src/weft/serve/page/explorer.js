// A subject with its tasks: the list, the chosen task, what is known, and what to measure next.

import { Detail } from "./detail.js";
import { el, say, template } from "./dom.js";
import { knownList } from "./known_list.js";
import { Measure } from "./measure.js";
import { tell } from "./problem.js";
import { COVERAGE } from "./subject.js";
import { TaskList } from "./task_list.js";
import { count, difference } from "./words.js";

export class Explorer {
  /**
   * @param {Element} place
   * @param {Object} model answer of /api/model
   * @param {function(Explorer): void} changed told when labels or the chosen task change
   */
  constructor(place, model, changed = () => {}) {
    const root = template("explorer");
    this.changed = changed;
    this.above = el("div", { class: "above" });
    this.known = el("section", { class: "known-labels" });
    this.below = el("div", { class: "below" });
    this.problem = el("div");
    const measure = el("section", { class: "measure", "aria-label": "What to measure next" });
    root.querySelector(".subject").append(this.above, this.problem, this.known, measure, this.below);
    this.summary = root.querySelector(".summary");
    this.interval = root.querySelector(".interval");
    this.list = new TaskList(root, { choose: (name) => this.choose(name), mark: (name, key) => this.#letter(name, key) });
    this.detail = new Detail(root.querySelector(".detail"), { mark: (name, label) => this.mark({ [name]: label }), close: () => this.close() });
    this.measure = new Measure(measure, (name) => this.choose(name, true));
    if (!model.reads_labels) measure.replaceChildren();
    place.replaceChildren(root);
  }

  /** Show a subject that was opened. @param {Subject} subject */
  show(subject) {
    this.subject = subject;
    if (!subject.predictions.has(this.chosen)) this.chosen = null;
    this.#draw(true);
    say(`${count(subject.tasks.length, "task")} predicted`);
  }

  choose(name, focus = false) {
    this.chosen = name;
    this.#draw(false);
    this.list.reveal(name, focus);
  }

  close() {
    const name = this.chosen;
    this.chosen = null;
    this.#draw(false);
    this.list.reveal(name, true);
  }

  /** Say what is known; null forgets. @param {Object<string, string|number|null>} labels */
  async mark(labels) {
    const { subject } = this;
    tell(this.problem, null);
    this.list.wait(true);
    try {
      await subject.change(labels);
      if (subject !== this.subject) return;
      this.#draw(true);
      say(this.summary.textContent);
    } catch (error) {
      tell(this.problem, error);
      this.problem.scrollIntoView({ block: "nearest" });
    } finally {
      this.list.wait(false);
    }
  }

  #letter(name, key) {
    const task = this.subject.kinds.get(name);
    this.chosen = name;
    if (key === "f") this.mark({ [name]: null });
    else if (task.kind === "binary") this.mark({ [name]: task.classes[key === "y" ? 1 : 0] });
    else this.choose(name);
  }

  #legend(subject) {
    this.interval.textContent = intervals(subject);
    this.interval.parentElement.hidden = !this.interval.textContent;
  }

  #draw(changed) {
    const { subject, chosen } = this;
    this.list.update(subject, chosen);
    if (chosen) this.detail.update(subject, chosen);
    else this.detail.empty();
    knownList(this.known, subject, (labels) => this.mark(labels));
    this.measure.update(subject, chosen, changed);
    this.summary.textContent = moves(subject);
    this.#legend(subject);
    this.changed(this);
  }
}

/** What the drawn intervals are: deviations of probabilities, calibrated intervals of numbers, or none. */
function intervals(subject) {
  const { tasks } = subject;
  const numbers = tasks.some(({ kind, low, high }) => kind === "regression" && (low ?? high ?? null) !== null);
  const deviations = tasks.some(({ kind, std, shares }) => std !== null && !shares && !(numbers && kind === "regression"));
  return [deviations && "± one standard deviation", numbers && `${100 * COVERAGE} % interval of a number`].filter(Boolean).join(", ");
}

/** Which tasks the last change moved most, in a sentence. */
function moves(subject) {
  const moved = subject.tasks
    .map(({ task, kind, std }) => ({ task, kind, by: subject.moved(task) ?? 0, std }))
    .map((move) => ({ ...move, size: Math.abs(move.by) / (move.kind === "regression" ? move.std || 1 : 1) }))
    .sort((a, b) => b.size - a.size);
  const n = Object.keys(subject.known).length;
  if (!subject.before.size) return count(subject.tasks.length, "task");
  const told = moved.slice(0, 2).filter(({ size }) => size >= 0.005);
  const most = told.map(({ task, by, kind }) => `${task} ${difference(by, kind)}`).join(", ");
  return `${count(n, "label")} known. ${most ? `Moved most: ${most}.` : "Hardly anything moved."}`;
}
