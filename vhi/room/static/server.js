// What the page asks of the server. Nothing is shown as done before the server has stored it.
//
// Offers: getJson, getArray, post, Refused

/** The server understood and said no; its message is for the reader. */
export class Refused extends Error {}

const SILENT = "The reading room does not answer. What you see is stored; start vhi open again.";

async function answer(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw new Error(SILENT);
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Refused(told.error ?? `The reading room answered ${response.status}; load the page again.`);
}

export async function getJson(path) {
  return (await answer(path)).json();
}

/** A stored array; `Type` as its numbers are: Uint8Array, Uint16Array, Int32Array. */
export async function getArray(path, Type) {
  return new Type(await (await answer(path)).arrayBuffer());
}

/** Send something to be stored. `keepalive` lets it arrive though the tab is closing. */
export async function post(path, body, { keepalive = false } = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await answer(path, { method: "POST", headers, keepalive, body: JSON.stringify(body) })).json();
}
