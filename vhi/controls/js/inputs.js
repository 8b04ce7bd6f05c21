// What is touched and read: sliders, buttons, boxes, choices, readings.
//
// Offers: slider, button, switchBox, choice
//         readings, announcer       numbers to be seen, a line to be heard

import { element } from "./view.js";

/**
 * A labelled slider. `mark`: {value, text}, a place shown under it. `onMove` hears every move,
 * `onRest` where the slider is let go.
 * Gives {element, input, set(value)}; `set` shows a value that need not be a multiple of `step`.
 */
export function slider({ label, low, high, step = 1, value, text = String, mark, onMove, onRest }) {
  const shown = element("span", { "aria-hidden": "true" });
  const input = element("input", {
    type: "range",
    min: low,
    max: high,
    step,
    "aria-label": label,
    input: () => {
      const to = Number(input.value);
      set(to);
      onMove(to);
    },
    change: () => onRest?.(Number(input.value)),
  });
  const made = element(
    "label",
    { class: mark ? "vhi-slider vhi-marked" : "vhi-slider" },
    element("span", { class: "vhi-name" }, element("span", {}, label), shown),
    input,
  );
  if (mark) {
    const part = (mark.value - low) / (high - low);
    // The thumb's middle travels from 8 px to 8 px before the end.
    const style = `left: calc(8px + (100% - 16px) * ${part})`;
    made.append(element("span", { class: "vhi-mark", style, "aria-hidden": "true" }, mark.text));
  }
  const set = (to) => {
    input.value = to;
    input.setAttribute("aria-valuetext", text(to));
    shown.textContent = text(to);
  };
  set(value);
  return { element: made, input, set };
}

/** A button. */
export function button(text, onPress) {
  return element("button", { type: "button", click: onPress }, text);
}

/** A box to tick. Gives {element, set(on)}. */
export function switchBox(text, on, onChange) {
  const input = element("input", { type: "checkbox", change: () => onChange(input.checked) });
  const set = (to) => {
    input.checked = to;
  };
  set(on);
  return { element: element("label", { class: "vhi-box" }, input, text), set };
}

let groups = 0;

/** One of a few: `options` [[value, text], ...] as radio buttons. Gives {element, set(value)}. */
export function choice(label, options, value, onChange) {
  groups += 1;
  const name = `vhi-choice-${groups}-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([option]) =>
    element("input", { type: "radio", name, value: option, change: () => onChange(option) }),
  );
  const set = (to) => {
    inputs.forEach((input, i) => {
      input.checked = options[i][0] === to;
    });
  };
  set(value);
  const boxes = inputs.map((input, i) =>
    element("label", { class: "vhi-box" }, input, options[i][1]),
  );
  const group = { class: "vhi-row", role: "radiogroup", "aria-label": label };
  return { element: element("div", group, element("span", {}, label), ...boxes), set };
}

/**
 * Names with numbers beside them. `names`: {name: label}. Gives {element, set(name, text, value)};
 * the plain value stands in the attribute data-value.
 */
export function readings(names) {
  const places = {};
  const list = element("div", { class: "vhi-readings" });
  for (const [name, label] of Object.entries(names)) {
    places[name] = element("strong", { "data-name": name });
    list.append(element("div", {}, element("span", {}, label), places[name]));
  }
  const set = (name, text, value = "") => {
    places[name].textContent = text;
    places[name].dataset.value = value;
  };
  return { element: list, set };
}

/** A line that is read out, not shown, half a second after the last change. */
export function announcer() {
  const place = element("p", { class: "vhi-unseen", role: "status", "aria-live": "polite" });
  let waiting = 0;
  const say = (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      place.textContent = text;
    }, 500);
  };
  return { element: place, say };
}
