// The view that adds a task from a few labelled molecules.

import { ask } from "./api.js";
import { badRows } from "./table.js";
import { el, template } from "./dom.js";
import { attempt, Problem } from "./problem.js";
import { count } from "./words.js";

export class NewTaskView {
  /** @param {Element} place @param {Object} model @param {function(): Promise<void>} added told when there is one more task */
  constructor(place, model, added) {
    this.added = added;
    const root = template("new-task");
    this.form = root.querySelector("form");
    this.lines = root.querySelector("textarea");
    this.counted = root.querySelector(".counted");
    this.outcome = root.querySelector(".outcome");
    this.lines.addEventListener("input", () => this.#count());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(this.form, () => this.#add());
    });
    place.append(root);
  }

  open() {}

  #count() {
    const { items, bad } = read(this.lines.value);
    const wrong = bad.length ? `; ${count(bad.length, "line")} without a label` : "";
    this.counted.textContent = items.length || bad.length ? `${count(items.length, "labelled molecule")}${wrong}` : "";
  }

  async #add() {
    this.outcome.replaceChildren();
    const { items, bad } = read(this.lines.value);
    if (bad.length) {
      const mend = "Write SMILES, label: for example CCO,1";
      throw new Problem({ what: `there is no label in ${JSON.stringify(bad[0].text)}`, where: `line ${bad[0].line}`, mend });
    }
    const { name, kind } = this.form.elements;
    const body = { name: name.value.trim(), kind: kind.value, items: items.map(({ smiles, label }) => ({ smiles, label })) };
    const answer = await ask("api/add-task", body);
    await this.added();
    this.#told({ ...answer, bad: answer.bad.map(({ row, reason }) => ({ row: items[row - 1].line, reason })) });
  }

  #told({ task, labels, bad, note }) {
    this.outcome.append(
      el("p", { role: "status" }, el("strong", {}, task.name), ` was learnt from ${count(labels, "label")}. `, el("a", { href: "#/molecule" }, "Predict a molecule")),
      el("p", { class: "soft" }, `${note.charAt(0).toUpperCase()}${note.slice(1)}`.replace(/\.?$/, ".")),
      bad.length ? badRows(bad, bad.length, "line") : "",
    );
  }
}

/** Read lines of SMILES and label, divided by a comma, semicolon, tab or blanks; empty lines are skipped. */
function read(text) {
  const [items, bad] = [[], []];
  text.split("\n").forEach((line, at) => {
    const words = line.trim().split(/[\s,;]+/).filter(Boolean);
    if (words.length === 2) items.push({ smiles: words[0], label: words[1], line: at + 1 });
    else if (words.length) bad.push({ line: at + 1, text: line.trim() });
  });
  return { items, bad };
}
