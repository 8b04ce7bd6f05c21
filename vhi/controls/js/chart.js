// Charts: an SVG with axes, bars, lines and handles that can be dragged.
//
// Offers: chart, bars, line

import { counted, drawn, element, onWidth } from "./view.js";

const STEPS = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
};
const EDGE = { left: 58, right: 14, top: 24, bottom: 50 };

/**
 * A chart with axes. `options`: {label, xLabel, yLabel, x: [low, high], y: [low, high], log (y
 * axis), height, draw(scale) -> SVG elements}; scale has x, y (value -> px), bottom, top.
 *
 * Gives {element, refresh(changed options), handle(of a vertical line)}.
 * handle({label, colour, low, high, step, atTop, text(value), onMove(value)}) gives {set(value)};
 * it is dragged, or moved by arrow, page, home and end keys.
 */
export function chart(options) {
  const settings = { height: 200, log: false, draw: () => [], ...options };
  const back = drawn("g", { "aria-hidden": "true" });
  const front = drawn("g");
  const svg = drawn("svg", { role: "group", "aria-label": settings.label }, back, front);
  const host = element("div", { class: "vhi-chart" }, svg);
  const handles = [];
  let width = 320;

  const scale = () => {
    const [low, high] = settings.x;
    const bottom = settings.height - EDGE.bottom;
    const along = (width - EDGE.left - EDGE.right) / (high - low);
    const lift = settings.log ? (v) => Math.log10(Math.max(v, settings.y[0])) : (v) => v;
    const [least, most] = settings.y.map(lift);
    return {
      x: (value) => EDGE.left + (Math.min(Math.max(value, low), high) - low) * along,
      y: (value) => bottom - ((lift(value) - least) / (most - least)) * (bottom - EDGE.top),
      valueAt: (px) => low + (px - EDGE.left) / along,
      bottom,
      top: EDGE.top,
    };
  };
  const refresh = (changes = {}) => {
    Object.assign(settings, changes);
    svg.setAttribute("viewBox", `0 0 ${width} ${settings.height}`);
    svg.setAttribute("height", settings.height);
    const now = scale();
    back.replaceChildren(...settings.draw(now), ...axes(settings, now, width));
    for (const place of handles) place(now);
  };
  const handle = (of) => {
    const made = verticalHandle(of, svg, scale);
    front.append(made.element);
    handles.push(made.place);
    return made;
  };
  onWidth(host, (room) => {
    width = room;
    refresh();
  });
  return { element: host, refresh, handle };
}

function axes({ x, y, log, xLabel, yLabel, height }, scale, width) {
  const right = width - EDGE.right;
  const text = (at, words, more) => drawn("text", { ...at, ...more }, words);
  const across = ticks(x, (width - EDGE.left) / 70);
  const upward = log ? powers(y) : ticks(y, 4);
  const labels = [
    ...across.map((value) =>
      text({ x: scale.x(value), y: scale.bottom + 26 }, tickText(value, across), {
        "text-anchor": "middle",
      }),
    ),
    ...upward.map((value) =>
      text({ x: EDGE.left - 6, y: scale.y(value) + 4 }, tickText(value, upward), {
        "text-anchor": "end",
      }),
    ),
  ];
  return [
    drawn("path", { class: "vhi-axis", d: `M${EDGE.left} ${scale.top}V${scale.bottom}H${right}` }),
    ...labels,
    text({ x: right, y: height - 6 }, xLabel, { "text-anchor": "end" }),
    text({ x: 2, y: 11 }, yLabel),
  ];
}

/** Round numbers between two limits, about `count` of them. */
function ticks([low, high], count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const values = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) values.push(n * step);
  return values;
}

/** The number at a tick, in steps from the tick beside it; with an exponent where that is shorter. */
function tickText(value, all) {
  const steps = all.slice(1).map((next, i) => next - all[i]);
  const power = Math.floor(Math.log10(Math.min(...steps, steps.length ? Infinity : 1)) + 1e-9);
  const largest = Math.max(...all.map(Math.abs));
  if (value && (power < -4 || largest >= 1e7)) {
    const order = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
    return value.toExponential(Math.max(order - power, 0)).replace("e+", "e");
  }
  return counted(value, Math.max(-power, 0));
}

/** Ticks of a logarithmic axis: powers of ten, and 2 and 5 times them where there are few. */
function powers([low, high]) {
  const between = high / low > 10 ? [1] : [1, 2, 5];
  const values = [];
  for (let power = low; power <= high; power *= 10) values.push(...between.map((n) => n * power));
  return values.filter((value) => value <= high);
}

function verticalHandle({ label, colour, low, high, step, atTop, text, onMove }, svg, scale) {
  const clip = (value) => Math.min(Math.max(value, low), high);
  const stem = drawn("line", { stroke: colour, "stroke-width": 2 });
  const grip = drawn("path", { fill: colour, stroke: "currentColor" });
  const touch = drawn("rect", { fill: "transparent", width: 28, height: 34 });
  const held = drawn(
    "g",
    {
      class: "vhi-handle",
      role: "slider",
      tabindex: 0,
      "aria-label": label,
      "aria-valuemin": low,
      "aria-valuemax": high,
      "aria-orientation": "horizontal",
    },
    stem,
    grip,
    touch,
  );
  let value = low;

  const place = (now) => {
    const x = now.x(value);
    const [y, tip] = atTop ? [now.top - 12, 12] : [now.bottom + 12, -12];
    const ends = { x1: x, x2: x, y1: now.top - 4, y2: now.bottom + 4 };
    for (const [name, at] of Object.entries(ends)) stem.setAttribute(name, at);
    grip.setAttribute("d", `M${x - 7} ${y}h14L${x} ${y + tip}z`);
    touch.setAttribute("x", x - 14);
    touch.setAttribute("y", y - 17);
  };
  const set = (to) => {
    value = to;
    held.setAttribute("aria-valuenow", to);
    held.setAttribute("aria-valuetext", text(to));
    place(scale());
  };
  // The style touch-action does not hold on an SVG group: without this a finger scrolls the page.
  held.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  held.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    held.focus();
    held.setPointerCapture(event.pointerId);
  });
  held.addEventListener("pointermove", (event) => {
    if (!held.hasPointerCapture(event.pointerId)) return;
    const px = event.clientX - svg.getBoundingClientRect().left;
    onMove(clip(Math.round(scale().valueAt(px) / step) * step));
  });
  held.addEventListener("keydown", (event) => {
    const steps = STEPS[event.key];
    const to = steps ? clip(value + steps * step) : { Home: low, End: high }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onMove(to);
  });
  return { element: held, place, set };
}

/** Bars of a histogram: `edges` has one number more than `counts`. */
export function bars(scale, edges, counts, fill = "#8aa1b4") {
  return counts.flatMap((count, i) => {
    if (!count) return [];
    const [x, end] = [scale.x(edges[i]), scale.x(edges[i + 1])];
    // A single voxel stays to be seen.
    const y = Math.min(scale.y(count), scale.bottom - 1.5);
    const size = { width: Math.max(end - x, 0.5), height: scale.bottom - y };
    return [drawn("rect", { x, y, ...size, fill, "shape-rendering": "crispEdges" })];
  });
}

/** A line through points [[x, y], ...]. */
export function line(scale, points, attributes = {}) {
  const d = points.map(([x, y], i) => `${i ? "L" : "M"}${scale.x(x)} ${scale.y(y)}`).join("");
  const look = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
  return drawn("path", { d, ...look, ...attributes });
}

