// One view of a slice: grey levels, colours over them, outlines, cross-hair. Draws what it is given.
//
// Offers: picture, rgba

import { element } from "/controls/view.js";

/** A colour "#rrggbb" with an opacity, as canvases keep it in memory (little-endian). */
export function rgba(colour, opacity) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return ((Math.round(255 * opacity) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/**
 * A view of slices of `width` x `height` pixels of `pixel_mm` [down, across].
 *
 * Gives {element, canvas, draw(scene), pointAt(event) -> {x, y} in pixels, moved(dx, dy) on screen
 * as pixels}. scene: {grey (plane of bytes), colours (plane of rgba, or null), outlines: [{path,
 * colour, wide}], cross and ring ({x, y} or null), view: {zoom, x, y}, where, tip and text (words)}.
 */
export function picture({ name, legend, width, height, pixel_mm, letters, onSize }) {
  // An application: screen readers leave the arrow keys to it.
  const canvas = element("canvas", { role: "application", tabindex: "0", "aria-description": KEYS });
  const place = element("span", { class: "place" });
  const told = element("span", { class: "tip" });
  const letter = (text, side) => element("span", { class: `letter ${side}`, title: sides[text] ?? "" }, text);
  const box = element("div", { class: "screen" }, canvas, ...SIDES.map((side) => letter(letters[side], `at-${side}`)), place, told);
  const heading = element("h3", {}, name, ...legend.flatMap(([colour, text]) => [" ", element("span", { class: `key ${colour}` }, text)]));
  const frame = element("section", { class: "picture", "aria-label": name }, heading, box);
  const under = layer(width, height);
  const over = layer(width, height);
  const aspect = pixel_mm[0] / pixel_mm[1];
  let shown = { zoom: 1, x: width / 2, y: height / 2 };

  new ResizeObserver(() => {
    const { clientWidth, clientHeight } = box;
    canvas.width = Math.max(Math.round(clientWidth * devicePixelRatio), 1);
    canvas.height = Math.max(Math.round(clientHeight * devicePixelRatio), 1);
    onSize();
  }).observe(box);

  const scale = () => shown.zoom * Math.min(canvas.width / width, canvas.height / (height * aspect));

  const draw = ({ grey, colours, outlines, cross, ring, view, where, tip, text }) => {
    shown = view;
    const context = canvas.getContext("2d", { alpha: false });
    const s = scale();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(s, 0, 0, s * aspect, canvas.width / 2 - view.x * s, canvas.height / 2 - view.y * s * aspect);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(under.put((pixels) => {
      for (let i = 0; i < pixels.length; i += 1) pixels[i] = 0xff000000 | (grey[i] * 0x010101);
    }), 0, 0);
    if (colours) {
      // A voxel is a voxel: what counts is never blurred.
      context.imageSmoothingEnabled = false;
      context.drawImage(over.put((pixels) => pixels.set(colours)), 0, 0);
    }
    for (const { path, colour, wide } of outlines) {
      context.lineWidth = ((wide ? 2.5 : 1.4) * devicePixelRatio) / s;
      context.strokeStyle = colour;
      context.stroke(path);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (ring) drawRing(context, onScreen(ring));
    if (cross) drawCross(context, onScreen(cross));
    place.textContent = where;
    told.textContent = tip;
    canvas.setAttribute("aria-label", `${name}, ${text}`);
  };
  const onScreen = ({ x, y }) => {
    const s = scale();
    return { x: canvas.width / 2 + (x - shown.x) * s, y: canvas.height / 2 + (y - shown.y) * s * aspect };
  };
  const pointAt = (event) => {
    const at = canvas.getBoundingClientRect();
    const px = (event.clientX - at.left) * (canvas.width / at.width) - canvas.width / 2;
    const py = (event.clientY - at.top) * (canvas.height / at.height) - canvas.height / 2;
    return { x: shown.x + px / scale(), y: shown.y + py / (scale() * aspect) };
  };
  const moved = (dx, dy) => {
    const s = scale() / devicePixelRatio;
    return { x: dx / s, y: dy / (s * aspect) };
  };
  /** Where a pixel lies in the window, for tests and tips. */
  const clientAt = ({ x, y }) => {
    const at = canvas.getBoundingClientRect();
    const on = onScreen({ x: x + 0.5, y: y + 0.5 });
    return { x: at.left + on.x * (at.width / canvas.width), y: at.top + on.y * (at.height / canvas.height) };
  };
  return { element: frame, canvas, draw, pointAt, moved, clientAt };
}

const KEYS = "Arrow keys move a cursor, with Shift by 5 pixels. Enter presses and releases, Escape cancels. Page Up and Page Down change the slice.";
const SIDES = ["left", "right", "top", "bottom"];
const sides = {
  R: "right of the patient",
  L: "left of the patient",
  A: "front of the patient",
  P: "back of the patient",
  S: "towards the head",
  I: "towards the feet",
};

function drawCross(context, { x, y }) {
  const [gap, arm] = [6 * devicePixelRatio, 16 * devicePixelRatio];
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + dx * gap, y + dy * gap);
    context.lineTo(x + dx * arm, y + dy * arm);
  }
  for (const [width, colour] of [[3, "rgba(0, 0, 0, 0.5)"], [1.2, "#78dcff"]]) {
    context.lineWidth = width * devicePixelRatio;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** A ring around what may be a few pixels only, dark and light: seen on any ground. */
function drawRing(context, { x, y }) {
  for (const [width, colour] of [[4, "rgba(0, 0, 0, 0.6)"], [1.6, "#fff"]]) {
    context.lineWidth = width * devicePixelRatio;
    context.strokeStyle = colour;
    context.beginPath();
    context.arc(x, y, 17 * devicePixelRatio, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** A canvas off the page; `put(fill)` fills its pixels (one number each) and gives it. */
function layer(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  return {
    put(fill) {
      fill(pixels);
      context.putImageData(image, 0, 0);
      return canvas;
    },
  };
}
