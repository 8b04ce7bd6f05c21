// What is seen: the frame of a control and its slices. No result comes from here.
//
// Offers: element, drawn            an HTML, an SVG element with attributes and children
//         begin, onWidth            style and frame of a control, given anywidget's `el`
//         sliceView, greyOf, outlinePath, YELLOW, RED, BLUE, TURQUOISE
//         counted, digits, withUnit numbers as text
// Charts are in chart.js; sliders, buttons, readings in inputs.js.
//
// Everything inherits text colour and background, so that it reads in a light and a dark theme.

export const YELLOW = "#ffd60a";
export const RED = "#e5132b";
export const BLUE = "#3aa0ff";
export const TURQUOISE = "#19d3c5";

const SVG = "http://www.w3.org/2000/svg";

const STYLE = `
.vhi-live { color: inherit; font-size: 0.95rem; line-height: 1.4; margin: 0.5em 0;
  max-width: 60rem; }
.vhi-live * { box-sizing: border-box; }
.vhi-live p { margin: 0.4em 0; }
.vhi-columns { display: flex; flex-wrap: wrap; gap: 0.8rem 1.4rem; align-items: flex-start; }
.vhi-columns > * { flex: 1 1 17rem; min-width: 0; }
.vhi-row { display: flex; flex-wrap: wrap; gap: 0.3rem 0.8rem; align-items: center;
  margin: 0.4em 0; }
.vhi-slice { position: relative; width: fit-content; max-width: 100%; overflow: hidden; }
.vhi-slice canvas { display: block; image-rendering: pixelated; background: #000; }
.vhi-slice svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.vhi-letter { position: absolute; top: 0.2em; color: #fff; font-weight: 600; pointer-events: none;
  text-shadow: 0 0 3px #000, 0 0 3px #000; }
.vhi-note { font-size: 0.9em; }
.vhi-chart svg { display: block; width: 100%; overflow: visible; }
.vhi-chart text { fill: currentColor; font: 0.75rem sans-serif; }
.vhi-chart .vhi-axis { stroke: currentColor; stroke-width: 1; fill: none; }
.vhi-handle { cursor: ew-resize; touch-action: none; }
.vhi-live :focus-visible { outline: 3px solid ${BLUE}; outline-offset: 2px; }
.vhi-live .vhi-handle:focus-visible { outline: none; }
.vhi-handle:focus-visible path { stroke: ${BLUE}; stroke-width: 5; paint-order: stroke; }
.vhi-slider { display: block; position: relative; margin: 0.5em 0; }
.vhi-slider .vhi-name { display: flex; justify-content: space-between; gap: 0.6em; }
.vhi-slider input { width: 100%; height: 1.6rem; margin: 0; accent-color: #2f7fd6; }
.vhi-mark { position: absolute; bottom: -0.75em; transform: translateX(-50%); font-size: 0.75rem;
  line-height: 1; white-space: nowrap; pointer-events: none; }
.vhi-slider.vhi-marked { padding-bottom: 0.6em; }
.vhi-marked .vhi-mark { bottom: 0; }
.vhi-live button { font: inherit; color: inherit; background: transparent; border: 1px solid
  currentColor; border-radius: 4px; padding: 0.3em 0.7em; min-height: 2.2rem; cursor: pointer; }
.vhi-live button:hover { background: rgba(128, 128, 128, 0.2); }
.vhi-live button:disabled { opacity: 0.5; cursor: default; }
.vhi-live label.vhi-box { display: inline-flex; gap: 0.4em; align-items: center; min-height: 2rem; }
.vhi-live label.vhi-box input { width: 1.1rem; height: 1.1rem; margin: 0; accent-color: #2f7fd6; }
.vhi-readings { margin: 0.4em 0; }
.vhi-readings div { display: flex; flex-wrap: wrap; gap: 0 1em; }
.vhi-readings strong { font-weight: 600; font-variant-numeric: tabular-nums; }
.vhi-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
`;

// ---------------------------------------------------------------------------------------- elements

/** An HTML element; a function among the attributes listens to the event of that name. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element, likewise. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** The frame of a control, empty, with its style; in `el` once. */
export function begin(el) {
  const frame = element("div", { class: "vhi-live" });
  el.replaceChildren(element("style", {}, STYLE), frame);
  return frame;
}

/** Call `follow` with the width of an element, now and whenever it changes. */
export function onWidth(host, follow) {
  let width = 0;
  const look = () => {
    const now = host.clientWidth;
    if (!now || now === width) return;
    width = now;
    follow(width);
  };
  new ResizeObserver(look).observe(host);
  look();
}

// ------------------------------------------------------------------------------------------ slices

/** Grey levels 0 to 255 of a slice from decodeStack: "stir" through the window, or "t1w". */
export function greyOf(stack, slice, contrast = "stir") {
  if (contrast === "t1w") return slice.t1w;
  const [low, high] = stack.window;
  return Uint8ClampedArray.from(slice.stir, (i) => (255 * (stack.values[i] - low)) / (high - low));
}

/** Outline of a mask along its pixels' edges, as the `d` of an SVG path in pixel units. */
export function outlinePath(mask, width, height) {
  const marked = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] > 0;
  let path = "";
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!marked(x, y)) continue;
      if (!marked(x, y - 1)) path += `M${x} ${y}h1`;
      if (!marked(x, y + 1)) path += `M${x} ${y + 1}h1`;
      if (!marked(x - 1, y)) path += `M${x} ${y}v1`;
      if (!marked(x + 1, y)) path += `M${x + 1} ${y}v1`;
    }
  }
  return path;
}

/**
 * A slice in whole screen pixels, with room for colours, outlines and what a control adds.
 *
 * `stack` from decodeStack. Gives {element, canvas, overlay (an SVG in pixel units), draw,
 * pixelAt(event) -> {x, y} (whole) or null outside}.
 * draw({grey, layers: [{plane, colours: {label: "#rrggbb"}, opacity}], outlines: [{plane, colour}],
 * text}): `text` says what is shown, for those who do not see it.
 */
export function sliceView(stack) {
  const { width, height } = stack;
  const canvas = element("canvas", { width, height, role: "img" });
  const lines = drawn("g", { "aria-hidden": "true" });
  const units = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" };
  const overlay = drawn("svg", units, lines);
  const letter = (text, side) =>
    element("span", { class: "vhi-letter", style: `${side}: 0.4em`, "aria-hidden": "true" }, text);
  const frame = element(
    "div",
    { class: "vhi-slice" },
    canvas,
    overlay,
    letter(stack.left, "left"),
    letter(stack.right, "right"),
  );
  const host = element("div", {}, frame);

  onWidth(host, (room) => {
    // Whole screen pixels for each of the scan's, where there is room for one: nothing is blurred.
    const zoom = Math.max(Math.floor((room * devicePixelRatio) / width), 1);
    const shown = Math.min((zoom * width) / devicePixelRatio, room);
    canvas.style.width = `${shown}px`;
    canvas.style.height = `${(shown * height * stack.pixel_aspect) / width}px`;
  });

  const draw = ({ grey, layers = [], outlines = [], text = "" }) => {
    const context = canvas.getContext("2d");
    const picture = context.createImageData(width, height);
    // One write for the four bytes of a pixel: this runs with every move of a slider.
    const pixels = new Uint32Array(picture.data.buffer);
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = 0xff000000 | (grey[i] * 0x010101);
    for (const layer of layers) paint(picture.data, layer);
    context.putImageData(picture, 0, 0);
    lines.replaceChildren(
      ...outlines.map(({ plane, colour }) =>
        drawn("path", {
          d: outlinePath(plane, width, height),
          stroke: colour,
          "stroke-width": 2,
          "vector-effect": "non-scaling-stroke",
          fill: "none",
        }),
      ),
    );
    canvas.setAttribute("aria-label", text);
  };
  const pixelAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    return x >= 0 && y >= 0 && x < width && y < height ? { x, y } : null;
  };
  return { element: host, canvas, overlay, draw, pixelAt };
}

function paint(bytes, { plane, colours, opacity = 1 }) {
  const mixed = {};
  for (const [label, colour] of Object.entries(colours)) {
    mixed[label] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) * opacity);
  }
  plane.forEach((label, i) => {
    const colour = mixed[label];
    if (!colour) return;
    for (let c = 0; c < 3; c += 1) bytes[4 * i + c] = bytes[4 * i + c] * (1 - opacity) + colour[c];
  });
}

// ----------------------------------------------------------------------------------------- numbers

/** 12345.6 -> "12,346"; `digits` after the point. */
export function counted(value, digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0) {
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en-US", fixed);
}

// As vhi/digits.py: powers of ten beyond which a number is written with an exponent.
const SMALLEST = -4;
const LARGEST = 15;

/**
 * A measured number: 590.476 -> "590", 0.0211 -> "0.0211", 1.87e-7 -> "1.87e-7". At least so many
 * decimals and so many significant digits; the same text as vhi.digits.digits.
 */
export function digits(value, decimals = 0, significant = 3) {
  const power = value ? Number(value.toExponential().split("e")[1]) : 0;
  if (power < SMALLEST || power >= LARGEST) {
    return value.toExponential(significant - 1).replace("e+", "e");
  }
  const places = value ? Math.max(decimals, significant - 1 - power) : decimals;
  const [whole, part] = rounded(Math.abs(value), places).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
  return value < 0 || Object.is(value, -0) ? `-${text}` : text;
}

/** A number with so many decimals; half a step to the even digit, as in Python. */
function rounded(value, places) {
  const exact = value.toFixed(100);
  const end = exact.indexOf(".") + 1 + places;
  const half = /^50*$/.test(exact.slice(end));
  const even = /[02468]\.?$/.test(exact.slice(0, end));
  return half && even ? exact.slice(0, end).replace(/\.$/, "") : value.toFixed(places);
}

/** A voxel count with its volume: "24 voxels, 28 mm³". */
export function withUnit(voxels, voxel_mm3) {
  return `${counted(voxels)} voxels, ${digits(voxels * voxel_mm3, 0, 1)} mm³`;
}
