// The view of a table: upload it, see what could not be read, get it back filled.

import { address, request } from "./api.js";
import { el, template } from "./dom.js";
import { attempt, Problem } from "./problem.js";
import { count } from "./words.js";

const MEGABYTE = 2 ** 20;
/** Kind of model -> what is uploaded, and the files that a browser offers. */
const TABLES = {
  graph: { what: "A table of nodes, with their ids in a column called node (CSV, TSV; also .gz).", accept: ".csv,.tsv,.gz" },
  text: { what: "A table with a column of texts, named as in training (CSV, TSV; also .gz).", accept: ".csv,.tsv,.gz" },
  vectors: { what: "A table with a column per feature, named as in training (CSV, TSV; also .gz).", accept: ".csv,.tsv,.gz" },
  images: { what: "A ZIP file of images, if you like with a CSV table in it that has a column of their names (image).", accept: ".zip" },
};

export class TableView {
  /** @param {Element} place @param {Object} model */
  constructor(place, model) {
    this.limits = model.limits;
    const root = template("table");
    this.form = root.querySelector("form");
    if (model.kind in TABLES) {
      root.querySelector(".what").textContent = TABLES[model.kind].what;
      this.form.elements.file.accept = TABLES[model.kind].accept;
    }
    if (model.kind === "graph") ofGraph(root, model);
    else root.querySelector(".of-graph").remove();
    this.outcome = root.querySelector(".outcome");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(this.form, () => this.#fill(this.form.elements.file.files[0]));
    });
    this.#drop(root.querySelector(".drop"));
    place.append(root);
  }

  open() {}

  #drop(place) {
    const over = (is) => (event) => {
      event.preventDefault();
      place.classList.toggle("over", is);
    };
    place.addEventListener("dragover", over(true));
    place.addEventListener("dragleave", over(false));
    place.addEventListener("drop", (event) => {
      over(false)(event);
      this.form.elements.file.files = event.dataTransfer.files;
    });
  }

  async #fill(file) {
    this.outcome.replaceChildren();
    if (file.size > this.limits.body_bytes) {
      const most = Math.floor(this.limits.body_bytes / MEGABYTE);
      throw new Problem({ what: `the file is larger than ${most} MB`, where: file.name, mend: "Use 'weft predict' on the command line." });
    }
    this.outcome.append(el("p", { class: "soft" }, "Predicting…"));
    const body = new FormData();
    body.append("file", file);
    const { mode, type } = this.form.elements;
    const how = { mode: mode.value, ...(type && { type: type.value }) };
    try {
      const answer = await request(address("api/table", how), { method: "POST", body });
      const report = JSON.parse(answer.headers.get("X-Weft-Report"));
      this.outcome.replaceChildren(...told(report, await answer.blob(), file.name));
    } catch (error) {
      this.outcome.replaceChildren();
      throw error;
    }
  }
}

/** Of nodes, the type is chosen. */
function ofGraph(root, model) {
  const asked = [...new Set(model.tasks.map((task) => task.node_type))];
  root.querySelector("[name=type]").append(...asked.map((type) => el("option", { value: type }, type)));
}

function told(report, blob, name) {
  const { rows, bad_rows, bad, known, used } = report;
  const read = known ? `${count(known, "known label")} ${used ? "informed the other tasks" : "stand beside the predictions"}. ` : "";
  const link = el("a", { class: "button main", href: URL.createObjectURL(blob), download: filled(name) }, "Download the filled table");
  return [
    el("p", {}, el("strong", {}, `${count(rows - bad_rows, "row")} of ${rows} predicted. `), read),
    bad_rows > 0 && badRows(bad, bad_rows, "row", " Row 1 is the first below the header."),
    el("p", {}, link),
  ].filter(Boolean);
}

/** A table of what could not be used. @param {{row: number, reason: string}[]} bad @param {number} all @param {string} word what is numbered @param {string} counted how */
export function badRows(bad, all, word, counted = "") {
  const rows = bad.map(({ row, reason }) => el("tr", {}, el("th", { scope: "row" }, String(row)), el("td", {}, reason)));
  const more = all > bad.length ? ` The first ${bad.length}:` : "";
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "What could not be used" },
    el("table", { class: "bad" },
      el("caption", {}, `${count(all, word)} could not be used and ${all === 1 ? "has" : "have"} blanks.${counted}${more}`),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, word), el("th", { scope: "col" }, "why"))),
      el("tbody", {}, ...rows)),
  ); // prettier-ignore
}

function filled(name) {
  return `${name.replace(/\.gz$/, "").replace(/\.\w+$/, "")}-filled.csv`;
}
