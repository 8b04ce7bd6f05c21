// The keys, in one list: what they do, and how the list is shown.
//
// Offers: keyboard, helpDialog

import { element } from "/controls/view.js";

/** Each: keys as shown, what it does, which events, name of the screen's function, argument. */
export const KEYS = [
  ["↑ ↓, wheel", "Slice before, after; with a picture in focus Page Up, Page Down", { ArrowUp: ["step", -1], ArrowDown: ["step", 1], PageUp: ["step", -1], PageDown: ["step", 1] }],
  ["N", "The region shown is seen: go to the next one not seen yet", { n: ["next"] }],
  ["Shift N", "Back to the region before", { N: ["previous"] }],
  ["X, Space", "Remove or restore the region under pointer or cursor, else the chosen one", { x: ["toggle"], " ": ["toggle"], Delete: ["toggle"] }],
  ["S", "Region of this slice only, or its whole lesion", { s: ["scope"] }],
  ["Z, Ctrl Z", "Undo", { z: ["undo"] }],
  ["Y, Ctrl Shift Z", "Redo", { y: ["redo"] }],
  ["1 – 6", "Reason for the next removals; 0 for none", Object.fromEntries([..."0123456"].map((n) => [n, ["reason", Number(n)]]))],
  ["P B L C", "Cleaning: point, box, lasso (Alt: restore), cut", {}],
  ["E P R", "Areas: ellipse, brush, eraser", {}],
  ["Tab", "A picture in focus: the arrow keys then move a cursor on it (Shift: 5 pixels)", {}],
  ["Enter", "That cursor presses, and lets go (Alt Enter: restore)", {}],
  ["Esc", "Leaves off what is being drawn, with cursor or pointer", {}],
  ["W M", "Window (or drag with the right button), move (middle button)", {}],
  ["A", "Next step: cleaning, normal bone, disease region", { a: ["mode"] }],
  ["O", "Colours on, off", { o: ["overlay"] }],
  ["+ −, Ctrl wheel", "Zoom", { "+": ["zoom", 1.25], "=": ["zoom", 1.25], "-": ["zoom", 0.8] }],
  ["F", "Bone, or the whole slice", { f: ["fit"] }],
  ["V", "One picture large: STIR, T1w, result, all three", { v: ["large"] }],
  ["I", "Windows as at the start", { i: ["windows"] }],
  ["?", "This list", { "?": ["help"] }],
];

const HELD = new Set(["step", "zoom"]); // go on while their key is held; all else is done once
const MOVES = /^(Arrow.*|Page(Up|Down)|Home|End)$/; // what sliders and lists take for themselves

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
    // What is in focus keeps its own keys, and no others.
    if (event.key === " " && event.target.matches("button, a, input, select, summary")) return;
    if (MOVES.test(event.key) && event.target.matches("input[type=range], select")) return;
    const tool = toolKeys()[event.key];
    const [name, ...given] = tool ? ["tool", tool] : (bound[event.key] ?? []);
    if (!name) return;
    event.preventDefault();
    if (!event.repeat || HELD.has(name)) does[name](...given);
  };
  // Once set by the pointer, a slider or list gives the arrow keys back to the slices.
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
