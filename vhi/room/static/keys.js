// The keys, in one list: what they do, and how the list is shown.
//
// Offers: keyboard, helpDialog

import { element } from "/widgets/view.js";

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
  ["Enter, Esc", "That cursor presses, and lets go (Alt Enter: restore); leaves off", {}],
  ["W M", "Window (or drag with the right button), move (middle button)", {}],
  ["A", "Next step: cleaning, normal bone, disease region", { a: ["mode"] }],
  ["O", "Colours on, off", { o: ["overlay"] }],
  ["+ −, Ctrl wheel", "Zoom", { "+": ["zoom", 1.25], "=": ["zoom", 1.25], "-": ["zoom", 0.8] }],
  ["F", "Bone, or the whole slice", { f: ["fit"] }],
  ["V", "One picture large: STIR, T1w, result, all three", { v: ["large"] }],
  ["I", "Windows as at the start", { i: ["windows"] }],
  ["?", "This list", { "?": ["help"] }],
];

const WRITES = "input:not([type=checkbox]):not([type=radio]), select, textarea";

/** Listen to keys while the screen is shown. `toolKeys()` gives {key: tool} of the present step. */
export function keyboard(does, toolKeys) {
  const bound = Object.assign({}, ...KEYS.map(([, , keys]) => keys));
  const stop = new AbortController();
  const pressed = (event) => {
    if (does.ui.drawing || document.querySelector("dialog[open]")) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "z") {
      event.preventDefault();
      return event.shiftKey ? does.redo() : does.undo();
    }
    if (control || event.altKey || event.target.matches(WRITES)) return;
    // A button or link in focus keeps its own space bar.
    if (event.key === " " && event.target.matches("button, a, input, summary")) return;
    const tool = toolKeys()[event.key];
    if (tool) return does.tool(tool);
    const found = bound[event.key];
    if (!found) return;
    event.preventDefault();
    does[found[0]](...found.slice(1));
  };
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
