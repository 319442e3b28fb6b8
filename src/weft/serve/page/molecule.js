// The view of one molecule: its SMILES, the drawing, and its tasks.

import { Drawing } from "./drawing.js";
import { el, template } from "./dom.js";
import { Explorer } from "./explorer.js";
import { attempt } from "./problem.js";
import { Subject } from "./subject.js";

const EXAMPLES = {
  aspirin: "CC(=O)Oc1ccccc1C(=O)O",
  caffeine: "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
  "bisphenol A": "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1",
};

export class MoleculeView {
  /** @param {Element} place @param {Object} model */
  constructor(place, model) {
    this.model = model;
    const root = template("molecule");
    this.form = root.querySelector("form");
    this.input = root.querySelector("#smiles");
    this.examples(root.querySelector(".examples span"));
    this.place = root.querySelector(".place");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.hash = `#/molecule/${encodeURIComponent(this.input.value.trim())}`;
      this.open([this.input.value.trim()]);
    });
    place.append(root);
  }

  examples(place) {
    const link = ([name, smiles]) => el("a", { href: `#/molecule/${encodeURIComponent(smiles)}` }, name);
    place.append(...Object.entries(EXAMPLES).flatMap((example, at) => (at ? [", ", link(example)] : [link(example)])));
  }

  /** Show the molecule of the address; what is known of it is kept while it stays the same. */
  async open([smiles]) {
    if (!smiles || (smiles === this.smiles && this.model === this.opened)) return;
    this.input.value = smiles;
    [this.smiles, this.opened] = [smiles, this.model];
    const well = await attempt(this.form, async () => {
      const subject = new Subject({ smiles }, this.model);
      await subject.open();
      if (this.smiles === smiles) this.#show(subject, smiles);
    });
    if (!well && this.smiles === smiles) this.smiles = null; // so that asking again asks again
  }

  /** A task was added: the same molecule is asked again. */
  renew(model) {
    const smiles = this.smiles;
    this.model = model;
    this.explorer = null;
    if (smiles) this.open([smiles]);
  }

  #show(subject, smiles) {
    if (!this.explorer) {
      this.drawing = new Drawing();
      this.explorer = new Explorer(this.place, this.model, (explorer) => this.#colour(explorer));
      this.explorer.above.append(this.drawing.element);
    }
    this.task = null;
    this.drawing.show(smiles);
    this.explorer.show(subject);
  }

  /** Offer to colour the atoms beside the chosen task. */
  #colour(explorer) {
    const on = this.task !== null && this.task === explorer.chosen;
    if (this.task !== null && !on) this.#atoms(null);
    const colour = () => this.#atoms(on ? null : explorer.chosen);
    const button = el("button", { type: "button", "aria-pressed": String(on), click: colour }, "Colour the atoms by what they add");
    explorer.detail.extra.replaceChildren(...(explorer.chosen ? [button] : []));
  }

  #atoms(task) {
    this.task = task;
    this.drawing.show(this.smiles, task);
    const button = this.explorer.detail.extra.querySelector("button");
    button?.setAttribute("aria-pressed", String(task !== null));
  }
}
