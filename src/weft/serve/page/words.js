// Numbers and labels as people read them.

const MINUS = "−";

/** A number with about three significant digits; a probability has two decimals. */
export function number(value, kind = "regression") {
  if (value === null || value === undefined) return "–";
  if (kind === "regression") return Number(value.toPrecision(3)).toString().replace("-", MINUS);
  if (value > 0 && value < 0.01) return "<0.01";
  return value < 1 && value > 0.99 ? ">0.99" : value.toFixed(2);
}

/** A probability with three decimals, where there is room. */
export function exact(value, kind) {
  return kind === "regression" ? number(value) : value.toFixed(3);
}

/** A difference with its sign; "0" where it rounds to nothing. */
export function difference(value, kind = "regression") {
  if (value === null || value === undefined) return "";
  const size = kind === "regression" ? Number(Math.abs(value).toPrecision(2)).toString() : Math.abs(value).toFixed(2);
  if (Number(size) === 0) return Math.abs(value) >= 0.0005 ? sign(value) + Math.abs(value).toFixed(3) : "0";
  return sign(value) + size;
}

function sign(value) {
  return value < 0 ? MINUS : "+";
}

/** The words for the two classes of a binary task: no and yes where they are called 0 and 1. */
export function classWords(task) {
  const plain = task.classes.length === 2 && task.classes[0] === "0" && task.classes[1] === "1";
  return plain ? ["no", "yes"] : task.classes;
}

/** A known label in words. @param {{kind: string, classes: string[]}} task @param {string|number} label */
export function labelWord(task, label) {
  if (task.kind === "regression") return number(Number(label));
  const at = task.classes.indexOf(String(label));
  return at < 0 ? String(label) : task.kind === "binary" ? classWords(task)[at] : task.classes[at];
}

/** "1 task", "3 tasks". */
export function count(n, word) {
  return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
}

/** A path of two hops that goes back along the relation it came by, as `writes_author_rev_writes`. */
const BACK = /^(?:rev_)?(.+)_(.+?)_(?:rev_)?\1$/;

/** Relations' keys as people read them: `author writes`; of two hops `paper via author`, in full where that is not unique. */
export function relationWords(keys) {
  const short = keys.map(relation);
  return short.map((name, at) => (short.indexOf(name) === short.lastIndexOf(name) ? name : inFull(keys[at])));
}

function relation(key) {
  const [source, name, target] = key.split("__");
  if (target === undefined) return key;
  const there = between(source, name, target);
  if (there !== null) return `${source} via ${BACK.exec(there)?.[2] ?? there}`;
  return `${source} ${name}`.replace(" rev_", " ↩ ");
}

function inFull(key) {
  const [source, name, target] = key.split("__");
  const there = between(source, name, target) ?? name;
  return `${source} ${there.replaceAll("rev_", "↩ ").replaceAll("_", " ")}`;
}

/** What lies between the two ends of a path of two hops; null for a plain relation. */
function between(source, name, target) {
  const twice = source === target && name.startsWith(`${target}_`) && name.endsWith(`_${source}`);
  return twice ? name.slice(target.length + 1, -source.length - 1) : null;
}
