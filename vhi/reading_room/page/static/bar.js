// The row above the pictures: slice, colours, zoom, windows, keys.
//
// Offers: bar(screen) -> {element, refresh()}

import { element } from "/controls/view.js";

export function bar(screen) {
  const { file, ui } = screen;
  const slice = element("input", {
    type: "range",
    min: 0,
    max: file.slices - 1,
    "aria-label": "Slice",
    input: () => screen.goTo(Number(slice.value)),
  });
  const shown = element("input", { type: "checkbox", change: screen.overlay });
  const opacity = element("input", {
    type: "range",
    min: 0.1,
    max: 1,
    step: 0.05,
    value: ui.opacity,
    "aria-label": "Opacity of the colours",
    input: () => {
      ui.opacity = Number(opacity.value);
      screen.redraw();
    },
  });
  const button = (text, press, title) => element("button", { type: "button", click: press, title }, text);
  const row = element(
    "div",
    { class: "bar" },
    element("label", {}, "Slice ", slice),
    element("label", {}, shown, " colours"),
    opacity,
    button("+", () => screen.zoom(1.25), "Zoom in"),
    button("−", () => screen.zoom(0.8), "Zoom out"),
    button("Fit", screen.fit, "Fit bone, or show the whole slice (F)"),
    button("Reset window", screen.windows, "Reset the windows (I)"),
    button("Enlarge", screen.large, "Enlarge one picture (V)"),
    button("Keys", screen.help, "All keys (?)"),
  );
  const refresh = () => {
    slice.value = ui.slice;
    shown.checked = ui.overlay;
  };
  return { element: row, refresh };
}
