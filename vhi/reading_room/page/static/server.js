// Requests to the server. Nothing is shown as done before the server has stored it.
//
// Offers: getJson, getArray, post, belongTo

const SILENT = "The reading room does not answer. Everything shown as saved is stored; start vhi open again.";

const session = {};
/** Name the session with every request: another one may answer at this address later. */
export function belongTo(room) {
  session["X-Vhi-Room"] ??= room;
}

async function answer(path, { headers, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", headers: { ...session, ...headers }, ...options });
  } catch {
    throw new Error(SILENT);
  }
  if (response.ok) return response;
  const refusal = await response.json().catch(() => ({}));
  throw new Error(refusal.error ?? `The reading room answered ${response.status}; load the page again.`);
}

export async function getJson(path) {
  return (await answer(path)).json();
}

/** An array; `Type` is its typed array: Uint8Array, Uint16Array, Uint32Array. */
export async function getArray(path, Type) {
  return new Type(await (await answer(path)).arrayBuffer());
}

/** Send an action. `keepalive` lets it arrive even if the tab is closing. */
export async function post(path, body, { keepalive = false } = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await answer(path, { method: "POST", headers, keepalive, body: JSON.stringify(body) })).json();
}
