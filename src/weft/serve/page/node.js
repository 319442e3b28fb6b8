// The view of one node of a graph: look it up, see its tasks, labels, gates and neighbours.

import { address, ask } from "./api.js";
import { el, template } from "./dom.js";
import { Explorer } from "./explorer.js";
import { gates } from "./gates.js";
import { attempt } from "./problem.js";
import { Subject } from "./subject.js";
import { count, labelWord } from "./words.js";

const PAUSE_MS = 200;

/** The address of a node's page. @param {{type: string, id: string}} node */
export function nodeLink({ type, id }, text = id) {
  return el("a", { href: `#/node/${encodeURIComponent(type)}/${encodeURIComponent(id)}` }, text);
}

export class NodeView {
  /** @param {Element} place @param {Object} model */
  constructor(place, model) {
    this.model = model;
    const root = template("node");
    this.form = root.querySelector("form");
    this.found = root.querySelector(".found");
    this.place = root.querySelector(".place");
    const types = Object.entries(model.node_types);
    const { type, id } = this.form.elements;
    type.append(...types.map(([name, n]) => el("option", { value: name }, `${name} (${n.toLocaleString("en")})`)));
    const asked = new Set(model.tasks.map((task) => task.node_type));
    type.value = types.map(([name]) => name).find((name) => asked.has(name)) ?? types[0]?.[0];
    type.addEventListener("input", () => this.#search());
    id.addEventListener("input", () => this.#soon());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (id.value.trim()) location.hash = nodeLink({ type: type.value, id: id.value.trim() }).hash;
      else this.#search();
    });
    place.append(root);
  }

  /** Show the node of the address. */
  async open([type, id]) {
    if (!id) return this.#search();
    if (`${type}/${id}` === this.shown) return undefined;
    Object.assign(this.form.elements.type, { value: type });
    Object.assign(this.form.elements.id, { value: id });
    this.shown = `${type}/${id}`;
    this.found.replaceChildren();
    const well = await attempt(this.form, async () => {
      const subject = new Subject({ node: { type, id } }, this.model);
      const [node] = await Promise.all([ask(address("api/node", { type, id })), subject.open()]);
      if (this.shown === `${type}/${id}`) this.#show(subject, node);
    });
    if (!well) this.shown = null; // so that asking again asks again
    return undefined;
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#search(), PAUSE_MS);
  }

  async #search() {
    const { type, id } = this.form.elements;
    await attempt(this.form, async () => {
      const { total, nodes } = await ask(address("api/nodes", { type: type.value, query: id.value.trim() }));
      const more = total > nodes.length ? `, the first ${nodes.length} of them` : "";
      const what = `${count(total, "node")} of type ${type.value}${id.value ? ` with “${id.value}” in the id` : ""}${more}:`;
      const list = el("ul", { class: "nodes" }, ...nodes.map((node) => el("li", {}, nodeLink(node))));
      this.found.replaceChildren(el("p", { class: "soft" }, total ? what : `No ${type.value} has “${id.value}” in its id.`), list);
    });
  }

  #show(subject, node) {
    this.explorer ??= new Explorer(this.place, this.model, (explorer) => this.#gates(explorer));
    this.node = node;
    this.explorer.above.replaceChildren(el("h2", { class: "subject-name" }, el("span", { class: "soft" }, node.type), ` ${node.id}`), this.#labels(subject, node));
    this.explorer.below.replaceChildren(neighbours(node.neighbours));
    this.explorer.show(subject);
  }

  /** What the graph has on record; not used for the prediction until someone says so. */
  #labels(subject, { labels }) {
    if (!labels.length) return el("p", { class: "soft" }, "The graph has no label of this node.");
    const row = ({ task, value, part }) => {
      const word = labelWord(subject.kinds.get(task), value);
      return el("li", {}, `${task}: `, el("b", {}, word), part && el("span", { class: "soft" }, ` (${part})`));
    };
    const use = () => this.explorer.mark(Object.fromEntries(labels.map(({ task, value }) => [task, value])));
    const button = this.model.reads_labels && el("button", { type: "button", click: use }, "Take them as known");
    return el("section", { class: "recorded" }, el("h3", {}, "On record"), el("ul", { class: "plain-list" }, ...labels.map(row)), button);
  }

  #gates(explorer) {
    const rows = this.node.gates.filter(({ task }) => task === explorer.chosen);
    explorer.detail.extra.replaceChildren(...(explorer.chosen ? gates(rows) : []));
  }
}

function neighbours(groups) {
  const group = ({ relation, direction, total, nodes }) => {
    const more = total > nodes.length && el("span", { class: "soft" }, ` and ${total - nodes.length} more`);
    const links = nodes.flatMap((node, at) => (at ? [", ", nodeLink(node)] : [nodeLink(node)]));
    const word = direction === "out" ? relationWords(relation, "→") : relationWords(relation, "←");
    return el("li", {}, el("h3", {}, word), el("p", {}, ...links, more));
  };
  const shown = groups.filter(({ total }) => total > 0);
  if (!shown.length) return el("p", { class: "soft" }, "It has no neighbours.");
  return el("section", { class: "neighbours" }, el("h2", {}, "Neighbours"), el("ul", { class: "plain-list" }, ...shown.map(group)));
}

/** `author__writes__paper` seen from one end: "writes → paper", or "← writes author". */
function relationWords(key, arrow) {
  const [source, name, target] = key.split("__");
  if (target === undefined) return key;
  return arrow === "→" ? `${name} → ${target}` : `${name} ← ${source}`;
}
