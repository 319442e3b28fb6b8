// Numbers and labels as people read them.

const MINUS = "−";

/** A number with about three significant digits; a probability has two decimals, or three below 0.1 and above 0.9. */
export function number(value, kind = "regression") {
  if (value === null || value === undefined) return "–";
  if (kind === "regression") return Number(value.toPrecision(3)).toString().replace("-", MINUS);
  const text = value.toFixed(value < 0.0995 || value >= 0.9005 ? 3 : 2);
  return text;
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
