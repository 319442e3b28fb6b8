// The view of the model: what it is, how well it does, and what to mind.

import { ask } from "./api.js";
import { el } from "./dom.js";
import { tell } from "./problem.js";
import { count } from "./words.js";

/** The measure told of each kind of task. */
const MEASURE = { binary: "roc_auc", multiclass: "accuracy", regression: "r2" };
const COMPARED = "On the test part, which the model never saw; a row compares the same cells. A dash: not defined on them.";
const WORD = { roc_auc: "ROC AUC", accuracy: "accuracy", r2: "R²" };

export class CardView {
  /** @param {Element} place */
  constructor(place) {
    this.place = el("div", { class: "sheet wide-sheet" });
    place.append(this.place);
  }

  /** A task that is added shows at once: the card is asked again. */
  async open() {
    try {
      this.place.replaceChildren(...content(await ask("api/card")));
    } catch (error) {
      tell(this.place, error);
    }
  }
}

function content(card) {
  const settings = card.settings.map((name) => name.replaceAll("_", " ")).join(", ");
  const what = `${card.name} · ${count(card.tasks.length, "task")} · settings: ${settings}`;
  return [
    el("h2", {}, "The model"),
    el("p", {}, what),
    el("h3", {}, "What to mind"),
    el("ul", { class: "notes" }, ...card.notes.map((note) => el("li", {}, note.charAt(0).toUpperCase() + note.slice(1) + "."))),
    el("h3", {}, "How well it does, and whether known labels help"),
    el("p", { class: "soft" }, COMPARED, oneMeasure(card.tasks)),
    scores(card),
    el("h3", {}, "How it was made"),
    el("dl", { class: "facts" }, ...facts(card.fit)),
    el("p", { class: "soft" }, "All of it as JSON: ", el("a", { href: "api/card" }, "api/card"), "; how to ask from a program: ", el("a", { href: "openapi.json" }, "openapi.json"), "."),
  ];
}

/** A row per task: its measure on the same test labels with nothing shown, and with some of the others shown. */
function scores({ tasks, metrics }) {
  const [ratio, part] = Object.entries(metrics.test ?? {}).sort(([a], [b]) => near(a) - near(b))[0] ?? [];
  if (!part) return el("p", { class: "soft" }, "The model folder holds no scores.");
  const pair = part.standard ? [part.standard, part] : [part];
  const head = ["task", "nothing shown", ...(part.standard ? [`${100 * ratio} % shown`, "difference"] : [])];
  const row = (task) => {
    const measure = MEASURE[task.kind];
    const found = pair.map(({ tasks: told }) => told?.[task.name]?.[measure]);
    if (found.length > 1) found.push(found.every(defined) ? found[1] - found[0] : undefined);
    const cells = found.map((value, at) => el("td", {}, !defined(value) ? "–" : signed(value, at === 2)));
    const named = oneMeasure(tasks) ? [task.name] : [task.name, el("small", {}, WORD[measure])];
    return el("tr", {}, el("th", { scope: "row" }, ...named), ...cells);
  };
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "Scores by task" },
    el("table", { class: "scores" },
      el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...tasks.map(row))),
  ); // prettier-ignore
}

/** Half shown says most of the difference that known labels make. */
function near(ratio) {
  return Math.abs(Number(ratio) - 0.5);
}

/** A measure that all tasks have is told once. */
function oneMeasure(tasks) {
  const words = new Set(tasks.map((task) => WORD[MEASURE[task.kind]]));
  return words.size === 1 ? ` All values are ${[...words][0]}.` : "";
}

function signed(value, plus) {
  const size = Math.abs(value).toFixed(3);
  const sign = Number(size) === 0 ? "" : value < 0 ? "−" : plus ? "+" : "";
  return sign + size;
}

function defined(value) {
  return typeof value === "number";
}

function facts(fit) {
  const told = Object.entries(fit).filter(([, value]) => typeof value === "string" || typeof value === "number");
  const options = Object.entries(fit.options ?? {}).filter(([, option]) => option.used && !option.default);
  const rows = [...told, ["options chosen", options.map(([name, { value }]) => `${name} ${JSON.stringify(value)}`).join(" ") || "none: the defaults"]];
  return rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]);
}
