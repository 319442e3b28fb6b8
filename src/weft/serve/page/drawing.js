// The molecule, drawn by the server; its atoms coloured by what they add to a task, when asked.

import { address, request } from "./api.js";
import { el } from "./dom.js";
import { tell } from "./problem.js";

const SIZE = { width: 400, height: 300 };
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export class Drawing {
  constructor() {
    dark.addEventListener("change", () => this.smiles && this.show(this.smiles, this.task));
    this.image = el("img", { alt: "", ...SIZE });
    this.problem = el("div");
    this.caption = el("figcaption", { class: "soft" });
    this.element = el("figure", { class: "drawing" }, this.image, this.problem, this.caption);
    this.asked = 0;
  }

  /** @param {string} smiles @param {?string} task whose prediction colours the atoms */
  async show(smiles, task = null) {
    [this.smiles, this.task] = [smiles, task];
    const asked = ++this.asked;
    tell(this.problem, null);
    this.element.classList.add("waiting");
    try {
      const answer = await request(address("api/draw", { ...SIZE, smiles, dark: dark.matches, ...(task && { task }) }));
      const picture = URL.createObjectURL(await answer.blob());
      if (asked === this.asked) this.#draw(picture, smiles, task);
    } catch (error) {
      if (asked === this.asked) tell(this.problem, error);
    }
    if (asked === this.asked) this.element.classList.remove("waiting");
  }

  #draw(picture, smiles, task) {
    URL.revokeObjectURL(this.image.src);
    this.image.src = picture;
    this.image.alt = `Structure of ${smiles}${task ? `, atoms coloured by what they add to ${task}` : ""}`;
    this.caption.textContent = task ? `Atoms by what they add to ${task}: blue and + raise it, orange and − lower it, the deeper the more.` : smiles;
  }
}
