// Making elements. Text is always set as text, never parsed as HTML.

/**
 * Make an element.
 * @param {string} name tag
 * @param {Object<string, *>} attributes a function listens to the event of its name; true and false set or leave out
 * @param {...(Node|string|number|null|undefined|false)} children empty ones are skipped
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Copy the content of a `<template>` of index.html. @returns {DocumentFragment} */
export function template(id) {
  return document.getElementById(id).content.cloneNode(true);
}

/** A name as text that a line may break after a joint, not in the middle of a word. @returns {(Node|string)[]} */
export function breakable(name) {
  return name.split(/(?<=[_.:/-])/).flatMap((part, at) => (at ? [el("wbr"), part] : [part]));
}

/** Place an element on a line of 0 to 1; set by script, since the page's policy allows no style attributes. */
export function span(element, from, to = from) {
  element.style.setProperty("--from", `${(100 * from).toFixed(2)}%`);
  element.style.setProperty("--to", `${(100 * to).toFixed(2)}%`);
  return element;
}

/** Tell a screen reader, without moving the focus. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
