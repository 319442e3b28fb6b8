// Gates: what the chosen task takes from which task, by relation and layer.

import { el } from "./dom.js";
import { relationWords } from "./words.js";

/** @param {{layer: number, relation: string, source: string, weight: number}[]} rows of one task @returns {Node[]} */
export function gates(rows) {
  if (new Set(rows.map(({ source }) => source)).size < 2) return [];
  const layers = [...new Set(rows.map(({ layer }) => layer))];
  return [
    el("h3", {}, "What it takes from which task"),
    el("p", { class: "soft small" }, "Share of each task's message along a relation, on average over nodes of this type; a row adds up to 1."),
    ...layers.map((layer) => table(layer, rows.filter((row) => row.layer === layer))),
  ];
}

function table(layer, rows) {
  const sources = [...new Set(rows.map(({ source }) => source))];
  const relations = [...new Set(rows.map(({ relation }) => relation))];
  const weight = new Map(rows.map((row) => [`${row.relation}\n${row.source}`, row.weight]));
  const cell = (key, source) => {
    const share = weight.get(`${key}\n${source}`);
    const shown = el("td", {}, share === undefined ? "" : share.toFixed(2));
    shown.style.setProperty("--share", `${(100 * (share ?? 0)).toFixed(0)}%`);
    return shown;
  };
  const names = relationWords(relations);
  const line = (key, at) => el("tr", {}, el("th", { scope: "row" }, names[at]), ...sources.map((source) => cell(key, source)));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": `Gates of layer ${layer + 1}` },
    el("table", { class: "gates" },
      el("caption", {}, `Layer ${layer + 1}`),
      el("thead", {}, el("tr", {}, el("td", {}, "along"), ...sources.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...relations.map(line))),
  ); // prettier-ignore
}
