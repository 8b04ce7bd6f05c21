// The tools on a picture: point, box, lasso, cut, ellipse, brush, window, hand.
//
// Offers: TOOLS, HANDS, strokesOn, areaChanges. `screen` comes from reading.js: file, ui and
// actions. pointer.js and cursor.js draw with the same strokes.

import { boxOf, brush, ellipse, insidePolygon, movedPlane, simplified, spreadOf } from "./planes.js";

/** Tools of each step: name, label, key, description. */
export const TOOLS = {
  cleaning: [
    ["pick", "Point", "p", "Click a region to remove or restore it"],
    ["box", "Box", "b", "Drag a box to remove every region it touches"],
    ["lasso", "Lasso", "l", "Draw a loop to remove every region it touches"],
    ["cut", "Cut", "c", "Draw a line across a region to divide it"],
  ],
  normal_bone: [
    ["move", "Move or resize", "g", "Drag the area to move it, its rim to resize it; thresholds and volume follow"],
    ["ellipse", "Ellipse", "e", "Drag from the centre outwards"],
    ["paint", "Brush", "p", "Add with a brush"],
    ["erase", "Eraser", "r", "Erase with a brush"],
  ],
  disease_region: [
    ["paint", "Brush", "p", "Add with a brush"],
    ["erase", "Eraser", "r", "Erase with a brush"],
  ],
};
export const HANDS = [
  ["window", "Window", "w", "Drag right to widen, down to darken. The right button does this with any tool"],
  ["hand", "Move", "m", "Drag the picture. The middle button does this with any tool"],
];

const RIM = 0.3; // of a radius: nearer to the rim a drag resizes. Chosen: 3 mm of a radius of 10

/**
 * Strokes on one picture. `contrast` is whose window is dragged.
 *
 * Gives {press(tool, at) -> whether moving draws anything, move(at, dx, dy), release(at, still,
 * restores), drop()}: `at` in the picture's pixels, dx and dy on the screen since it was pressed.
 * One stroke at a time; `ui.drawing` is these strokes meanwhile, and the slice stays.
 */
export function strokesOn(shown, contrast, screen) {
  const { file, ui } = screen;
  let stroke = null;

  const end = () => {
    const ended = stroke;
    if (!ended) return null;
    stroke = null;
    ui.drawing = null;
    ui.ink = null;
    ui.pending = null;
    return ended;
  };
  const strokes = {
    press: (tool, at) => {
      stroke = STROKES[tool](at);
      ui.drawing = strokes;
      screen.redraw();
      return Boolean(stroke.move);
    },
    move: (at, dx, dy) => {
      stroke?.move?.(at, dx, dy);
      screen.redraw();
    },
    release: (at, still, restores) => {
      end()?.up(at, still, restores);
      screen.redraw();
    },
    drop: () => {
      if (!end()) return;
      screen.preview();
      screen.redraw();
    },
  };

  /** Draw a closed line; remove or restore the regions that it touches. */
  const gather = (pointsOf) => (start) => {
    const drawn = [start];
    return {
      move: (at) => {
        drawn.push(at);
        ui.ink = { points: pointsOf(drawn), closed: true };
      },
      up: (at, still, restores) => {
        if (still) return;
        const inside = insidePolygon(pointsOf([...drawn, at]), file.width, file.height);
        const regions = file.plane("regions", ui.slice);
        const touched = new Set();
        inside.forEach((yes, i) => yes && regions[i] && touched.add(regions[i]));
        screen.remove([...touched], restores);
      },
    };
  };
  /** Set or clear the pixels that a brush touches, and no others. */
  const painted = (part) => (start) => {
    const touched = new Uint8Array(file.width * file.height);
    const drawing = { name: ui.mode, changes: new Map([[ui.slice, { [part]: touched }]]) };
    let last = start;
    const to = (at) => {
      brush(touched, file.width, file.height, last, at, ui.brush_mm, file.meta.pixel_mm);
      last = at;
      ui.pending = drawing;
      screen.preview();
    };
    to(start);
    return { move: to, up: () => screen.drawArea(drawing) };
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
      let drawing = null;
      const first = ui.slice - Math.floor((ui.area_slices - 1) / 2);
      return {
        move: (at) => {
          const [down, across] = file.meta.pixel_mm;
          const radii = { x: Math.abs(at.x - centre.x) * across, y: Math.abs(at.y - centre.y) * down };
          if (Math.min(radii.x, radii.y) < across) return;
          const plane = ellipse(centre, radii, file.meta.pixel_mm, file.width, file.height);
          const last = first + ui.area_slices - 1;
          drawing = areaChanges(file, (slice) => (slice >= first && slice <= last ? plane : null), ui.area_adds);
          ui.pending = drawing;
          screen.preview();
        },
        up: () => drawing && screen.drawArea(drawing),
      };
    },
    move: (start) => {
      const planes = new Map(
        Array.from({ length: file.slices }, (_, slice) => [slice, file.shown("normal_bone", slice)]).filter(([, plane]) => plane.includes(1)),
      );
      const area = spreadOf(planes.values(), file.width);
      if (!area) return { up: () => {} };
      const { centre, radii } = area;
      /** Distance from the centre, in radii. */
      const away = ({ x, y }) => Math.hypot((x - centre.x) / radii.x, (y - centre.y) / radii.y);
      const resizes = Math.abs(away(start) - 1) <= RIM;
      let drawing = null;
      return {
        move: (at) => {
          const by = resizes
            ? { scale: Math.max(away(at) / away(start), 0.1) }
            : { dx: Math.round(at.x - start.x), dy: Math.round(at.y - start.y) };
          const planeOf = (slice) => planes.has(slice) && movedPlane(planes.get(slice), file.width, file.height, { centre, ...by });
          drawing = areaChanges(file, planeOf, false);
          ui.pending = drawing;
          screen.preview();
        },
        up: (_, still) => !still && drawing?.changes.size && screen.drawArea(drawing),
      };
    },
    paint: painted("set"),
    erase: painted("cleared"),
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
  return strokes;
}

/** The change of normal bone by planes drawn (`planeOf(slice)`, or nothing): added, or replacing it. */
export function areaChanges(file, planeOf, adds) {
  const changes = new Map();
  for (let slice = 0; slice < file.slices; slice += 1) {
    const before = file.shown("normal_bone", slice);
    const drawn = planeOf(slice);
    if (!drawn && (adds || !before.includes(1))) continue;
    const set = drawn || new Uint8Array(before.length);
    const cleared = before.map((yes, i) => (yes && !adds && !set[i] ? 1 : 0));
    if (set.includes(1) || cleared.includes(1)) changes.set(slice, { set, cleared });
  }
  return { name: "normal_bone", changes };
}
