// Errors, told where they arose: what is wrong, where, and the step that mends it.

import { el } from "./dom.js";

/** An answer of the server that is no success. */
export class Problem extends Error {
  /** @param {{what: string, where?: ?string, mend?: ?string}} told */
  constructor(told) {
    super(told.what);
    this.told = told;
  }
}

/** Show an error in a place, or clear it. @param {Element} place @param {?Error} error */
export function tell(place, error) {
  place.replaceChildren();
  if (!error) return;
  const { what, where, mend } = error.told ?? { what: error.message, where: "this page" };
  place.append(
    el(
      "div",
      { class: "problem", role: "alert" },
      el("strong", {}, capital(what)),
      where && el("span", { class: "where" }, where),
      mend && el("span", {}, mend),
    ),
  );
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Run an action of a form: its button waits, its error is told in the form. @returns {Promise<boolean>} it went well */
export async function attempt(form, action) {
  const button = form.querySelector("button.main");
  const place = form.querySelector(".problem-place") ?? form.parentElement.querySelector(".problem-place");
  tell(place, null);
  button?.setAttribute("aria-disabled", "true");
  try {
    await action();
    return true;
  } catch (error) {
    tell(place, error);
    return false;
  } finally {
    button?.removeAttribute("aria-disabled");
  }
}
