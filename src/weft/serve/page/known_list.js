// What is known of the subject, with a way to forget.

import { el } from "./dom.js";
import { labelWord } from "./words.js";

/** @param {Element} place @param {Subject} subject @param {function(Object): void} change told what to change */
export function knownList(place, subject, change) {
  const names = Object.keys(subject.known);
  const forget = (...tasks) => change(Object.fromEntries(tasks.map((name) => [name, null])));
  const chip = (name) => {
    const word = labelWord(subject.kinds.get(name), subject.known[name]);
    const button = el("button", { type: "button", class: "plain", "aria-label": `Forget ${name}`, click: () => forget(name) }, "×");
    return el("li", {}, `${name}: `, el("b", {}, word), button);
  };
  const all = el("button", { type: "button", class: "plain", click: () => forget(...names) }, "forget all");
  place.replaceChildren(
    el("h2", {}, "Known labels"),
    names.length
      ? el("ul", { class: "chips" }, ...names.map(chip), names.length > 1 && el("li", { class: "bare" }, all))
      : el("p", { class: "soft" }, `None yet: the prediction rests on the ${basis(subject.name)} alone.`),
  );
}

function basis(name) {
  if (name.node) return "graph";
  return name.smiles ? "structure" : Object.keys(name)[0];
}
