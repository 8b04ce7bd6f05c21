// What the pointer does on a picture: point, box, lasso, cut, ellipse, brush, window, hand.
//
// Offers: pointerTools, TOOLS. `screen` is what reading.js hands in: file, ui, and what to do.

import { boxOf, brush, ellipse, insidePolygon, packed, simplified } from "./planes.js";

const CLICK_PX = 4;

/** Tools of each step: name, label, key, what it does. */
export const TOOLS = {
  cleaning: [
    ["pick", "Point", "p", "Click a region: removed, or back again"],
    ["box", "Box", "b", "Drag a box: all regions it touches"],
    ["lasso", "Lasso", "l", "Draw around regions: all that it touches"],
    ["cut", "Cut", "c", "Draw a line right across a region: it falls in two"],
  ],
  normal_bone: [
    ["ellipse", "Ellipse", "e", "Drag from the middle outwards"],
    ["paint", "Brush", "p", "Add with a brush"],
    ["erase", "Eraser", "r", "Take away with a brush"],
  ],
  disease_region: [
    ["paint", "Brush", "p", "Add with a brush"],
    ["erase", "Eraser", "r", "Take away with a brush"],
  ],
};
export const HANDS = [
  ["window", "Window", "w", "Drag: wider to the right, darker downwards. The right button does so with any tool"],
  ["hand", "Move", "m", "Drag the picture. The middle button does so with any tool"],
];

/** Listen to the pointer on one picture. `contrast` is whose window is dragged. */
export function pointerTools(shown, contrast, screen) {
  const { canvas } = shown;
  const { file, ui } = screen;
  let drag = null;

  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) return screen.zoom(Math.exp(-event.deltaY / 300), shown.pointAt(event));
      screen.wheel(event.deltaY);
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", (event) => {
    if (drag) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const tool = event.button === 2 ? "window" : event.button === 1 ? "hand" : ui.tool;
    const at = shown.pointAt(event);
    drag = { ...STROKES[tool](at, event), x: event.clientX, y: event.clientY };
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = shown.pointAt(event);
    screen.hover(at);
    if (!drag) return;
    drag.move?.(at, event.clientX - drag.x, event.clientY - drag.y);
    screen.redraw();
  });
  const end = (event, kept) => {
    if (!drag) return;
    const { up, x, y } = drag;
    drag = null;
    ui.ink = null;
    ui.pending = null;
    const still = Math.hypot(event.clientX - x, event.clientY - y) < CLICK_PX;
    if (kept) up?.(shown.pointAt(event), still, event);
    screen.redraw();
  };
  canvas.addEventListener("pointerup", (event) => end(event, true));
  canvas.addEventListener("pointercancel", (event) => end(event, false));
  canvas.addEventListener("pointerleave", () => screen.hover(null));

  /** Draw a closed line and hand over the regions that it touches. */
  const gather = (pointsOf) => (start) => {
    const drawn = [start];
    return {
      move: (at) => {
        drawn.push(at);
        ui.ink = { points: pointsOf(drawn), closed: true };
      },
      up: (at, still, event) => {
        if (still) return;
        const inside = insidePolygon(pointsOf([...drawn, at]), file.width, file.height);
        const regions = file.plane("regions", ui.slice);
        const touched = new Set();
        inside.forEach((yes, i) => yes && regions[i] && touched.add(regions[i]));
        screen.remove([...touched], event.altKey);
      },
    };
  };
  const stroke = (value) => (start) => {
    const plane = file.plane(ui.mode, ui.slice).slice();
    let last = start;
    const to = (at) => {
      brush(plane, file.width, file.height, last, at, ui.brush_mm, file.meta.pixel_mm, value);
      last = at;
      ui.pending = { name: ui.mode, planes: new Map([[ui.slice, plane]]) };
      screen.preview();
    };
    to(start);
    screen.redraw();
    return { move: to, up: () => screen.act(ui.mode, { slices: { [ui.slice]: packed(plane) } }) };
  };

  const STROKES = {
    pick: () => ({ up: (at, still) => still && screen.toggleAt(at) }),
    box: gather((drawn) => boxOf(drawn[0], drawn[drawn.length - 1])),
    lasso: gather((drawn) => drawn),
    cut: (start) => {
      const drawn = [start];
      return {
        move: (at) => {
          drawn.push(at);
          ui.ink = { points: drawn, closed: false };
        },
        up: (at, still) => !still && screen.cut(simplified([...drawn, at])),
      };
    },
    ellipse: (centre) => {
      let planes = null;
      return {
        move: (at) => {
          const [down, across] = file.meta.pixel_mm;
          const radii = { x: Math.abs(at.x - centre.x) * across, y: Math.abs(at.y - centre.y) * down };
          if (Math.min(radii.x, radii.y) < across) return;
          planes = areaPlanes(file, ui, ellipse(centre, radii, file.meta.pixel_mm, file.width, file.height));
          ui.pending = { name: "normal_bone", planes };
          screen.preview();
        },
        up: () => {
          if (!planes) return;
          const slices = [...planes].map(([slice, plane]) => [slice, packed(plane)]);
          screen.act("normal_bone", { slices: Object.fromEntries(slices) });
        },
      };
    },
    paint: stroke(1),
    erase: stroke(0),
    window: () => {
      const [low, high] = ui.windows[contrast];
      const width = high - low;
      return {
        move: (_, dx, dy) => {
          const wide = width * Math.exp(dx / 200);
          const middle = (low + high) / 2 + (dy / 250) * width;
          ui.windows[contrast] = [middle - wide / 2, middle + wide / 2];
        },
        up: () => {},
      };
    },
    hand: () => {
      const from = { ...ui.view };
      return {
        move: (_, dx, dy) => {
          const by = shown.moved(dx, dy);
          ui.view = { ...from, x: from.x - by.x, y: from.y - by.y };
        },
        up: () => {},
      };
    },
  };
}

/** The planes that an ellipse gives the area: on `ui.area_slices` slices; others are cleared. */
function areaPlanes(file, ui, drawn) {
  const first = ui.slice - Math.floor((ui.area_slices - 1) / 2);
  const planes = new Map();
  for (let slice = 0; slice < file.slices; slice += 1) {
    const before = file.plane("normal_bone", slice);
    const inside = slice >= first && slice < first + ui.area_slices;
    if (!inside && (ui.area_adds || !before.includes(1))) continue;
    const plane = ui.area_adds ? before.slice() : new Uint8Array(drawn.length);
    if (inside) drawn.forEach((yes, i) => yes && (plane[i] = 1));
    planes.set(slice, plane);
  }
  return planes;
}
