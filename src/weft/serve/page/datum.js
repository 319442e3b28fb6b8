// The view of one image, text or vector: what it is, and its tasks.

import { el, template } from "./dom.js";
import { Explorer } from "./explorer.js";
import { attempt } from "./problem.js";
import { Subject } from "./subject.js";

/** Kind of model -> the words of its view. */
export const KINDS = {
  images: { words: "Image", label: "An image file (PNG, JPEG, ...)", field: "image" },
  text: { words: "Text", label: "A text", field: "text" },
  vectors: { words: "Vector", label: "Numbers, with commas or spaces between", field: "vector" },
};

export class DatumView {
  /** @param {Element} place @param {Object} model */
  constructor(place, model) {
    this.model = model;
    this.kind = KINDS[model.kind];
    const root = template("datum");
    this.form = root.querySelector("form");
    this.place = root.querySelector(".place");
    this.input = model.kind === "images" ? el("input", { type: "file", accept: "image/*" }) : el("textarea", { rows: "4", spellcheck: "false" });
    this.input.id = "datum-input";
    this.input.required = true;
    root.querySelector("label").textContent = this.kind.label;
    root.querySelector(".line").prepend(this.input);
    if (model.kind === "vectors") root.querySelector(".names").textContent = named(model.features);
    if (model.kind === "images") this.input.addEventListener("change", () => this.form.requestSubmit());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    place.append(root);
  }

  /** The address names no datum: what was asked stays. */
  open() {}

  async #ask() {
    await attempt(this.form, async () => {
      const subject = new Subject({ [this.kind.field]: await this.#content() }, this.model);
      await subject.open();
      this.#show(subject);
    });
  }

  async #content() {
    if (this.kind.field === "text") return this.input.value;
    if (this.kind.field === "image") return base64(await this.input.files[0].arrayBuffer());
    return this.input.value.split(/[\s,;]+/).filter(Boolean).map(asNumber);
  }

  #show(subject) {
    this.explorer ??= new Explorer(this.place, this.model, () => {});
    if (this.kind.field === "image") this.explorer.above.replaceChildren(this.#picture());
    this.explorer.show(subject);
  }

  #picture() {
    const [file] = this.input.files;
    const image = el("img", { alt: `The image ${file.name}`, class: "thumbnail", src: URL.createObjectURL(file) });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    return el("figure", { class: "drawing" }, image, el("figcaption", { class: "soft" }, file.name));
  }
}

function asNumber(word) {
  const value = Number(word);
  if (!Number.isFinite(value)) throw new Error(`${word} is no number`);
  return value;
}

function named(features) {
  const more = features.length > 8 ? `, ... and ${features.length - 8} more` : "";
  return `In this order: ${features.slice(0, 8).join(", ")}${more}.`;
}

/** Pieces, as a call takes a limited number of arguments. */
function base64(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
