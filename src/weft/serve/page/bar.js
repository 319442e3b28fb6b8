// The bar of a task: prediction, its interval, what it was before, and the known label. Legible in grey.

import { el, span } from "./dom.js";

/** The least move, as a share of the bar, that is drawn. */
const SEEN = 0.004;
/** Room beside the first interval of a number, as a share of it. */
const MARGIN = 0.3;
/** Regression task -> lowest and highest number seen, so that its bar keeps its scale while labels change. */
const ranges = new Map();

function scale(prediction) {
  if (prediction.kind !== "regression") return [0, 1];
  const spread = 2 * (prediction.std ?? 0);
  const ends = [prediction.low, prediction.high, prediction.value - spread, prediction.value + spread];
  if (prediction.known !== null) ends.push(Number(prediction.known));
  const [low, high] = ranges.get(prediction.task) ?? [Infinity, -Infinity];
  const seen = ends.filter((end) => end !== null && Number.isFinite(end));
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const margin = low === Infinity ? MARGIN * (most - least) : 0;
  const range = [Math.min(low, least - margin), Math.max(high, most + margin)];
  ranges.set(prediction.task, range);
  return range;
}

/** Lower and upper end of what is drawn as the interval. @returns {?[number, number]} */
export function interval(prediction) {
  const { value, std, low, high, kind } = prediction;
  if (kind === "regression" && (low !== null || high !== null)) return [low ?? -Infinity, high ?? Infinity];
  return std === null || std === undefined ? null : [value - std, value + std];
}

export class Bar {
  constructor() {
    this.parts = Object.fromEntries(["band", "move", "ghost", "tick", "fact"].map((name) => [name, part(name)]));
    this.element = el("span", { class: "bar", "aria-hidden": "true" });
  }

  /** @param {Object} prediction @param {?Object} before the same task before the last change */
  update(prediction, before) {
    if (prediction.shares) this.#classes(prediction);
    else this.#line(prediction, before);
  }

  #line(prediction, before) {
    const [low, high] = scale(prediction);
    const at = (value) => Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
    const { band, move, ghost, tick, fact } = this.parts;
    const ends = interval(prediction);
    const drawn = [tick];
    span(tick, at(prediction.value));
    if (ends) drawn.unshift(span(band, at(ends[0]), at(ends[1])));
    const [was, is] = [at(before?.value ?? prediction.value), at(prediction.value)];
    if (Math.abs(was - is) >= SEEN) {
      drawn.push(span(move, Math.min(was, is), Math.max(was, is)), span(ghost, was));
    }
    if (prediction.known !== null) drawn.push(span(fact, at(fraction(prediction))));
    show(this.element, drawn);
  }

  #classes({ shares, label }) {
    let from = 0;
    const pieces = Object.entries(shares).map(([name, share]) => {
      const piece = span(el("i", { class: name === label ? "share top" : "share" }), from, from + share);
      from += share;
      return piece;
    });
    this.element.replaceChildren(...pieces);
  }
}

function fraction({ kind, known, classes }) {
  return kind === "regression" ? Number(known) : (classes ?? ["0", "1"]).indexOf(String(known));
}

function part(name) {
  return el("i", { class: name });
}

/** Keep the elements that stay, so that they glide. */
function show(parent, wanted) {
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  for (const child of wanted) if (child.parentElement !== parent) parent.append(child);
}
