// What the page asks of the server. Nothing is shown as done before the server has stored it.
//
// Offers: getJson, getArray, post, belongTo

const SILENT = "The reading room does not answer. What was shown as saved is stored; start vhi open again.";

const own = {};
/** Say with every request to which room this page belongs: another may answer at its address later. */
export function belongTo(room) {
  own["X-Vhi-Room"] ??= room;
}

async function answer(path, { headers, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", headers: { ...own, ...headers }, ...options });
  } catch {
    throw new Error(SILENT);
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Error(told.error ?? `The reading room answered ${response.status}; load the page again.`);
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
