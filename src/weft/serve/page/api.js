// Asking the server. Every failure becomes a Problem. A token, where the server asks for one, travels as a cookie.

import { Problem } from "./problem.js";

const AS_JSON = { "Content-Type": "application/json" };

/** Ask with GET, or POST a body as JSON. @returns {Promise<any>} the answer's JSON */
export async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: AS_JSON };
  return (await request(path, options)).json();
}

/** Ask and return the answer as it is. @returns {Promise<Response>} @throws {Problem} */
export async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem({ what: "the server does not answer", mend: "Is it still running? Start it with 'weft serve MODEL'." });
  }
  if (!answer.ok) throw new Problem(await told(answer));
  return answer;
}

/** Return a path with a query. @param {string} path @param {Object<string, string>} query */
export function address(path, query) {
  return `${path}?${new URLSearchParams(query)}`;
}

async function told(answer) {
  const text = await answer.text();
  try {
    const found = JSON.parse(text);
    if (typeof found.what === "string") return found;
  } catch {
    // Not from the API: told below by its status.
  }
  return { what: `the server answered ${answer.status} ${answer.statusText}`.trim(), where: new URL(answer.url).pathname };
}
