// What is asked about: a molecule or a node, what is known of it, and what the model says of it.

import { ask } from "./api.js";

/** Probability with which sets and intervals hold the truth. */
export const COVERAGE = 0.9;

export class Subject {
  /**
   * @param {{smiles: string}|{node: {type: string, id: string}}} name
   * @param {Object} model answer of /api/model
   */
  constructor(name, model) {
    this.name = name;
    this.coverage = model.can_cover ? { coverage: COVERAGE } : {};
    this.kinds = new Map(model.tasks.map((task) => [task.name, task]));
    this.known = {};
    this.predictions = new Map();
    this.before = new Map();
    this.queue = Promise.resolve();
  }

  /** Predict every task. @throws {Problem} also for a molecule that cannot be read */
  async open() {
    const item = { ...this.name, known: this.known };
    const answer = await ask("api/predict", { items: [item], ...this.coverage });
    const [first] = answer.items;
    if (!first.tasks.length) throw new Error(first.status);
    this.before = new Map();
    this.predictions = byTask(first.tasks);
  }

  /** Say what is known of tasks (null forgets); changes are made one after the other. */
  change(changes) {
    const next = this.queue.then(() => this.#change(changes));
    this.queue = next.catch(() => {});
    return next;
  }

  async #change(changes) {
    const answer = await ask("api/what-if", { ...this.name, known: this.known, changes, ...this.coverage });
    const known = { ...this.known, ...changes };
    this.known = Object.fromEntries(Object.entries(known).filter(([, label]) => label !== null));
    this.before = byTask(answer.before);
    this.predictions = byTask(answer.after);
  }

  /** Explain one task by the known labels. */
  explain(task) {
    return ask("api/explain", { ...this.name, known: this.known, task });
  }

  /** Rank what is not known by what measuring it should teach of the targets (null: of all tasks). */
  measureNext(targets, count) {
    return ask("api/measure-next", { ...this.name, known: this.known, count, ...(targets && { targets }) });
  }

  /** How far the last change moved a task; null when nothing was changed. */
  moved(name) {
    const [was, is] = [this.before.get(name), this.predictions.get(name)];
    if (!was || !is || is.value === null || was.value === null) return null;
    if (is.shares && was.shares) return is.value - was.shares[is.label];
    return is.value - was.value;
  }

  /** The tasks that were predicted, in the model's order. */
  get tasks() {
    return [...this.predictions.values()].filter((prediction) => prediction.value !== null);
  }
}

function byTask(predictions) {
  return new Map(predictions.map((prediction) => [prediction.task, prediction]));
}
