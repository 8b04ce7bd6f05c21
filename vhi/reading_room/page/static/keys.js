// The keys: one list of what they do, and the dialog that shows it.
//
// Offers: keyboard, helpDialog

import { element } from "/controls/view.js";

/** For each: keys as shown, description, and events with the screen's function and its argument. */
export const KEYS = [
  ["↑ ↓, wheel", "Previous or next slice; with a picture in focus, Page Up and Page Down", { ArrowUp: ["step", -1], ArrowDown: ["step", 1], PageUp: ["step", -1], PageDown: ["step", 1] }],
  ["N", "Mark the region as seen and go to the next unseen region", { n: ["next"] }],
  ["Shift N", "Go back to the previous region", { N: ["previous"] }],
  ["X, Space", "Remove or restore the region under the pointer or cursor, otherwise the selected region", { x: ["toggle"], " ": ["toggle"], Delete: ["toggle"] }],
  ["T", "Accept together what the model is sure of, without looking; then go to the region in doubt that matters most", { t: ["accept"] }],
  ["K, D", "Keep (K) or remove (D) the region and go to the next one to decide: in doubt first, as it matters for the volume", { k: ["decide", false], d: ["decide", true] }],
  ["S", "Act on the region in this slice only, or on its whole lesion", { s: ["scope"] }],
  ["Z, Ctrl Z", "Undo", { z: ["undo"] }],
  ["Y, Ctrl Shift Z", "Redo", { y: ["redo"] }],
  ["1 – 6", "Reason for the next removals; 0 for none", Object.fromEntries([..."0123456"].map((n) => [n, ["reason", Number(n)]]))],
  ["P B L C", "Cleaning: point, box, lasso (Alt: restore), cut", {}],
  ["G E P R", "Drawing areas: move or resize (normal bone), ellipse, brush, eraser", {}],
  ["Tab", "Focus a picture; the arrow keys then move a cursor on it (Shift: by 5 pixels)", {}],
  ["Enter", "Press and release at the cursor (Alt Enter: restore)", {}],
  ["Esc", "Cancel the current stroke", {}],
  ["W M", "Adjust the window (also: right button); move the picture (also: middle button)", {}],
  ["A", "Next step: cleaning, normal bone, disease region", { a: ["mode"] }],
  ["O", "Show or hide the colours", { o: ["overlay"] }],
  ["+ −, Ctrl wheel", "Zoom", { "+": ["zoom", 1.25], "=": ["zoom", 1.25], "-": ["zoom", 0.8] }],
  ["F", "Fit bone, or show the whole slice", { f: ["fit"] }],
  ["V", "Enlarge one picture: STIR, T1w, result, then all three", { v: ["large"] }],
  ["I", "Reset the windows", { i: ["windows"] }],
  ["?", "This list", { "?": ["help"] }],
];

const HELD = new Set(["step", "zoom"]); // repeated while their key is held
const MOVES = /^(Arrow.*|Page(Up|Down)|Home|End)$/; // keys that sliders and lists use themselves

/** Listen to keys while the screen is shown. `toolKeys()` gives {key: tool} of the present step. */
export function keyboard(does, toolKeys) {
  const bound = Object.assign({}, ...KEYS.map(([, , keys]) => keys));
  const stop = new AbortController();
  const pressed = (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (does.ui.drawing) {
      if (event.key === "Escape") does.ui.drawing.drop();
      return;
    }
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "z") {
      event.preventDefault();
      return event.repeat ? null : does[event.shiftKey ? "redo" : "undo"]();
    }
    if (control || event.altKey) return;
    // The focused element keeps its own keys.
    if (event.key === " " && event.target.matches("button, a, input, select, summary")) return;
    if (MOVES.test(event.key) && event.target.matches("input[type=range], select")) return;
    const tool = toolKeys()[event.key];
    const [name, ...given] = tool ? ["tool", tool] : (bound[event.key] ?? []);
    if (!name) return;
    event.preventDefault();
    if (!event.repeat || HELD.has(name)) does[name](...given);
  };
  // After use with the pointer, a slider or list gives the arrow keys back to the slices.
  let byPointer = false;
  const listen = (name, heard) => addEventListener(name, heard, { signal: stop.signal, capture: true });
  listen("pointerdown", () => (byPointer = true));
  listen("keydown", () => (byPointer = false));
  listen("change", ({ target }) => byPointer && target.matches("input, select") && target.blur());
  addEventListener("keydown", pressed, { signal: stop.signal });
  return () => stop.abort();
}

export function helpDialog() {
  const rows = KEYS.map(([keys, what]) =>
    element("tr", {}, element("th", { scope: "row" }, element("kbd", {}, keys)), element("td", {}, what)),
  );
  const close = element("button", { type: "button", click: () => dialog.close() }, "Close");
  const dialog = element(
    "dialog",
    { "aria-label": "Keys" },
    element("h2", {}, "Keys"),
    element("table", {}, element("tbody", {}, ...rows)),
    close,
  );
  return dialog;
}
