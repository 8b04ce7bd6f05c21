// A slice with an area of normal bone on it that can be moved and resized.
//
// Offers: areaPicture

import { RADIUS_STEP_MM, areaPlane, areaSlices } from "./area.js";
import { nearestSlice } from "./follow.js";
import { BLUE, RED, TURQUOISE, YELLOW, drawn, greyOf, sliceView } from "./view.js";

/** The slice with the area on it: dragged inside to move, at two grips to resize. */
export function areaPicture(stack, onMove) {
  const { across, down, width, height } = stack;
  const view = sliceView(stack);
  let now = {};

  const scale = () => {
    const box = view.canvas.getBoundingClientRect();
    return { x: width / box.width, y: height / box.height };
  };
  /** Listen to a drag: `begins()` gives what `moves(start, dx, dy)` (in pixels) goes on from. */
  const dragged = (place, begins, moves) => {
    let from = null;
    // The style touch-action does not hold on an SVG group: without this a finger scrolls the page.
    place.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    place.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      place.focus({ preventScroll: true });
      place.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, start: begins() };
    });
    place.addEventListener("pointermove", (event) => {
      if (!from || !place.hasPointerCapture(event.pointerId)) return;
      const per = scale();
      moves(from.start, (event.clientX - from.x) * per.x, (event.clientY - from.y) * per.y);
    });
  };
  const keyed = (place, moves) => {
    place.addEventListener("keydown", (event) => {
      const moved = moves[event.key]?.(event.shiftKey ? 5 : 1);
      if (!moved) return;
      event.preventDefault();
      onMove(moved);
    });
  };

  const body = drawn("ellipse", {
    class: "vhi-handle",
    style: "cursor: move",
    role: "button",
    tabindex: 0,
    "aria-roledescription": "area to move",
    fill: "transparent",
    "vector-effect": "non-scaling-stroke",
    "stroke-dasharray": "5 4",
    "pointer-events": "all",
  });
  const centre = () => ({ [across.name]: now[across.name], [down.name]: now[down.name] });
  const shifted = (start, dx, dy) => ({
    [across.name]: start[across.name] + across.step * Math.round(dx),
    [down.name]: start[down.name] + down.step * Math.round(dy),
  });
  const by = (dx, dy) => (times) => shifted(centre(), times * dx, times * dy);
  dragged(body, centre, (start, dx, dy) => onMove(shifted(start, dx, dy)));
  keyed(body, {
    ArrowLeft: by(-1, 0),
    ArrowRight: by(1, 0),
    ArrowUp: by(0, -1),
    ArrowDown: by(0, 1),
  });

  const grips = [
    { axis: across, words: "Width of the area", along: (dx) => dx, cursor: "ew-resize" },
    { axis: down, words: "Height of the area", along: (_, dy) => dy, cursor: "ns-resize" },
  ].map(({ axis, words, along, cursor }) => {
    const [low, high] = stack.sliders[axis.radius];
    const step = RADIUS_STEP_MM;
    const rounded = (mm) => Math.min(Math.max(Math.round(mm / step) * step, low), high);
    const dot = drawn("path", { stroke: "#fff", ...ROUND, "stroke-width": 15 });
    const core = drawn("path", { stroke: BLUE, ...ROUND, "stroke-width": 10 });
    const touch = drawn("path", { stroke: "transparent", ...ROUND, "stroke-width": 28 });
    const place = drawn(
      "g",
      {
        class: "vhi-handle",
        style: `cursor: ${cursor}`,
        role: "slider",
        tabindex: 0,
        "aria-label": `${words} (radius)`,
        "aria-valuemin": low,
        "aria-valuemax": high,
      },
      dot,
      core,
      touch,
    );
    const radius = () => now[axis.radius];
    const to = (mm) => ({ [axis.radius]: rounded(mm) });
    dragged(place, radius, (start, dx, dy) => onMove(to(start + along(dx, dy) * axis.spacing_mm)));
    const more = (times) => to(radius() + times * step);
    const less = (times) => to(radius() - times * step);
    keyed(place, { ArrowRight: more, ArrowUp: more, ArrowLeft: less, ArrowDown: less });
    const refresh = (x, y) => {
      for (const part of [dot, core, touch]) part.setAttribute("d", `M${x} ${y}h0.001`);
      place.setAttribute("aria-valuenow", radius());
      place.setAttribute("aria-valuetext", `${radius()} mm`);
    };
    return { place, refresh };
  });
  const ring = drawn("circle", {
    r: 3.5,
    fill: "none",
    stroke: TURQUOISE,
    "stroke-width": 3,
    "vector-effect": "non-scaling-stroke",
    "aria-hidden": "true",
  });
  view.overlay.append(ring, body, ...grips.map(({ place }) => place));

  const refresh = (settings, look, result, spot) => {
    now = settings;
    const slice = stack.slices[nearestSlice(stack, look.slice)];
    const [first, last] = areaSlices(now);
    const inside = slice.index >= first && slice.index <= last;
    view.draw({
      grey: greyOf(stack, slice),
      layers: look.bone && !result.problem ? [boneLayer(stack, slice, result)] : [],
      outlines: inside ? [{ plane: areaPlane(stack, now), colour: BLUE }] : [],
      text: `STIR slice ${slice.index}, ${inside ? "" : "not "}one of the area’s slices `
        + `${first} to ${last}`,
    });
    const at = (axis) => axis.step * (now[axis.name] - axis.first) + 0.5;
    const reach = (axis) => now[axis.radius] / axis.spacing_mm;
    const [x, y, rx, ry] = [at(across), at(down), reach(across), reach(down)];
    for (const [name, value] of Object.entries({ cx: x, cy: y, rx, ry })) {
      body.setAttribute(name, value);
    }
    // Beside its slices the area is only hinted at, so that it can still be moved.
    body.setAttribute("stroke", inside ? "none" : BLUE);
    body.setAttribute(
      "aria-label",
      `Area of normal bone at ${across.name} ${now[across.name]}, ${down.name} ${now[down.name]}; `
        + "arrow keys move it",
    );
    grips[0].refresh(x + rx, y);
    grips[1].refresh(x, y + ry);
    ring.setAttribute("visibility", spot?.slice === slice.index ? "visible" : "hidden");
    if (spot) {
      ring.setAttribute("cx", spot.x + 0.5);
      ring.setAttribute("cy", spot.y + 0.5);
    }
  };
  return { element: view.element, refresh };
}

// A point whose size does not follow the picture's: a line of no length with round ends.
const ROUND = {
  fill: "none",
  "stroke-linecap": "round",
  "vector-effect": "non-scaling-stroke",
};

/** Bone at or above the thresholds, in their colours. */
function boneLayer({ values }, { stir, bone }, { lower, upper }) {
  const label = (value) => (value >= lower) + (value >= upper);
  const plane = bone.map((inside, i) => inside && label(values[stir[i]]));
  return { plane, colours: { 1: YELLOW, 2: RED }, opacity: 0.75 };
}
