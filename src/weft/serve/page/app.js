// The start: ask what the model is, and show the view of the address.

import { ask } from "./api.js";
import { CardView } from "./card.js";
import { DatumView, KINDS } from "./datum.js";
import { el } from "./dom.js";
import { MoleculeView } from "./molecule.js";
import { NewTaskView } from "./new_task.js";
import { NodeView } from "./node.js";
import { tell } from "./problem.js";
import { TableView } from "./table.js";
import { count } from "./words.js";

const main = document.getElementById("view");
let model;
/** Name in the address -> words, how to make the view, and the view once it was made with its place. */
let views = {};

function viewsOf() {
  const make = (View, ...more) => (place) => new View(place, model, ...more);
  const card = { words: "Model", make: make(CardView) };
  const table = { words: "Table", make: make(TableView) };
  if (model.kind in KINDS) return { datum: { words: KINDS[model.kind].words, make: make(DatumView) }, table, card };
  if (model.kind === "graph") return { node: { words: "Node", make: make(NodeView) }, table, card };
  return {
    molecule: { words: "Molecule", make: make(MoleculeView) },
    table,
    ...(model.can_add_task && { task: { words: "New task", make: make(NewTaskView, added) } }),
    card,
  };
}

/** A task was added: everything that lists tasks asks anew. */
async function added() {
  await describe();
  views.molecule.view?.renew(model);
}

async function describe() {
  model = await ask("api/model");
  document.title = `${model.title} · weft`;
  document.getElementById("title").textContent = model.title;
  const nodes = Object.entries(model.node_types).map(([name, n]) => `${name} ${n.toLocaleString("en")}`);
  const what = model.kind === "graph" ? `graph: ${nodes.join(", ")}` : model.kind;
  document.getElementById("subtitle").textContent = `${model.name} · ${count(model.tasks.length, "task")} · ${what}`;
}

/** Show the view of the address `#/NAME/...`; the others keep what they hold. */
function follow() {
  const [, name, ...rest] = location.hash.split("/");
  const chosen = name in views ? name : Object.keys(views)[0];
  for (const [key, item] of Object.entries(views)) {
    if (key === chosen && !item.view) {
      item.place = main.appendChild(el("div"));
      item.view = item.make(item.place);
    }
    if (item.place) item.place.hidden = key !== chosen;
    item.link.toggleAttribute("aria-current", key === chosen);
    if (key === chosen) item.link.setAttribute("aria-current", "page");
  }
  views[chosen].view.open(rest.map(decoded));
}

/** An address typed by hand may hold a bare `%`. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function navigation() {
  for (const [key, item] of Object.entries(views)) item.link = el("a", { href: `#/${key}` }, item.words);
  document.getElementById("views").append(...Object.values(views).map((item) => item.link));
}

try {
  await describe();
  views = viewsOf();
  navigation();
  follow();
  window.addEventListener("hashchange", follow);
} catch (error) {
  document.getElementById("title").textContent = "weft";
  tell(document.getElementById("failure"), error);
}
