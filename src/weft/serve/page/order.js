// Which tasks are listed, and in which order.

/** @type {Object<string, function(Object, Object): number>} */
const ORDERS = {
  value: (a, b) => b.value - a.value,
  moved: (a, b) => Math.abs(b.moved ?? 0) - Math.abs(a.moved ?? 0),
  unsure: (a, b) => b.doubt - a.doubt,
  known: (a, b) => Number(b.known) - Number(a.known),
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
};

/**
 * Return the names of the tasks to list.
 * @param {Subject} subject
 * @param {string} filter words that a name must hold, in any order
 * @param {string} order a key of ORDERS, or "model"
 * @returns {string[]}
 */
export function listed(subject, filter, order) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = subject.tasks
    .filter(({ task }) => words.every((word) => task.toLowerCase().includes(word)))
    .map((prediction) => row(subject, prediction));
  if (order in ORDERS) rows.sort(ORDERS[order]); // stable: ties stay in the model's order
  return rows.map(({ name }) => name);
}

function row(subject, prediction) {
  const name = prediction.task;
  const moved = subject.moved(name);
  const scale = prediction.kind === "regression" ? prediction.std || 1 : 1;
  return {
    name,
    value: prediction.value,
    moved: moved === null ? null : moved / scale,
    doubt: doubt(prediction),
    known: name in subject.known,
  };
}

/** 0 when sure to 1 when any answer is as likely; a number's doubt is its deviation against its size. */
function doubt({ kind, value, std, shares }) {
  if (kind === "binary") return 1 - Math.abs(2 * value - 1);
  if (shares) return (1 - value) / (1 - 1 / Object.keys(shares).length);
  return std ? std / (std + Math.abs(value)) : 0;
}
