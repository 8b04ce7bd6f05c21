// Numbers of an area of normal bone, an ellipse on neighbouring slices. No page, no picture here.
//
// Offers: WITHIN_MM, DEPTH, RADIUS_STEP_MM, areaSlices, areaPlane, intensitiesIn, isHere, measureArea, fitted, slicesHere,
//         brightestNearby, nearestCentre
//
// Settings are those of NormalBoneControl. Array axes, not the picture's, name centre and radii;
// `stack.across` and `stack.down` say how the picture lies on them: {name, radius, first (array
// index at the picture's edge), step (1 or -1), spacing_mm, count (pixels here), length (of scan)}.

import { estimateThresholds, percentile } from "./core.js";

/** How far from the centre a bright spot is sought: about the width of the interforaminal sacrum. */
export const WITHIN_MM = 25;

/** Part of the radii within which the spot comes to lie, so that its neighbours come too. */
export const DEPTH = 0.8;

export const RADIUS_STEP_MM = 0.5;

/** First and last slice of the area. */
export function areaSlices({ slice, slices }) {
  const first = slice - Math.floor((slices - 1) / 2);
  return [first, first + slices - 1];
}

/** The ellipse as a plane of 0 and 1, by the rule of vhi/steps/normal_bone.py. */
export function areaPlane({ across, down, width, height }, now) {
  const x = parts(across, now);
  const y = parts(down, now);
  const plane = new Uint8Array(width * height);
  for (let i = 0; i < plane.length; i += 1) {
    plane[i] = x[i % width] + y[Math.floor(i / width)] <= 1 + 1e-6;
  }
  return plane;
}

/** (a / r)² for each pixel along an axis. */
function parts(axis, now) {
  return Float64Array.from({ length: axis.count }, (_, at) => {
    const part = (offset(axis, now, at) * axis.spacing_mm) / now[axis.radius];
    return part * part;
  });
}

function offset(axis, now, at) {
  return axis.first + axis.step * at - now[axis.name];
}

/** Slices of the stack that the area lies on. */
function slicesIn(stack, now) {
  const [first, last] = areaSlices(now);
  return stack.slices.filter(({ index }) => index >= first && index <= last);
}

/** Whether all slices of the area are here. */
export function isHere(stack, now) {
  return slicesIn(stack, now).length === now.slices;
}

/** Intensities inside the area, sorted. */
export function intensitiesIn(stack, now) {
  const marked = [];
  areaPlane(stack, now).forEach((inside, i) => inside && marked.push(i));
  const intensities = slicesIn(stack, now).flatMap(({ stir }) =>
    marked.map((i) => stack.values[stir[i]]),
  );
  return Float64Array.from(intensities).sort();
}

/**
 * What follows from the area: {sorted, voxels, lower_quartile, median, upper_quartile, iqr,
 * multiple, lower, upper, bone_above}, or {sorted, problem} with a line to show.
 *
 * bone_above: voxels of the bone on the page at or above the lower threshold; null without bone.
 */
export function measureArea(stack, now) {
  const [first, last] = areaSlices(now);
  const sorted = intensitiesIn(stack, now);
  if (first < 0 || last >= stack.scan_slices) {
    const scan = `the scan has 0 to ${stack.scan_slices - 1}`;
    return { sorted, problem: `the area reaches slices ${first} to ${last}; ${scan}` };
  }
  if (!isHere(stack, now)) return { sorted, problem: `loading slices ${first} to ${last}` };
  try {
    const thresholds = estimateThresholds(sorted);
    const [lower_quartile, median] = [25, 50].map((percent) => percentile(sorted, percent));
    const bone_above = stack.has_bone ? boneAbove(stack, thresholds.lower) : null;
    return { sorted, voxels: sorted.length, lower_quartile, median, ...thresholds, bone_above };
  } catch (error) {
    return { sorted, problem: error.message };
  }
}

function boneAbove({ slices, values }, lower) {
  // Values are sorted: comparing places compares intensities.
  const from = values.findIndex((value) => value >= lower);
  if (from < 0) return 0;
  let count = 0;
  for (const { stir, bone } of slices) {
    for (let i = 0; i < stir.length; i += 1) count += bone[i] && stir[i] >= from;
  }
  return count;
}

/**
 * Settings after some were moved, held to what is here: no part of the area leaves the page.
 * With a kernel `low` and `high` can be the first and last slice of the scan: it sends the others.
 */
export function fitted(stack, now, moved, [low, high] = slicesHere(stack)) {
  const next = { ...now, ...moved };
  next.slices = Math.min(next.slices, high - low + 1);
  const before = Math.floor((next.slices - 1) / 2);
  const after = next.slices - 1 - before;
  next.slice = within(next.slice, low + before, high - after);
  for (const axis of [stack.across, stack.down]) {
    next[axis.radius] = Math.min(next[axis.radius], largestRadius(axis));
    next[axis.name] = within(next[axis.name], ...centreLimits(axis, next));
  }
  return next;
}

/** First and last slice of those that are here. */
export function slicesHere({ slices }) {
  return [slices[0].index, slices[slices.length - 1].index];
}

function within(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** Lowest and highest array index here, and whether the scan goes on beyond them. */
function ends({ first, step, count, length }) {
  const last = first + step * (count - 1);
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  return { low, high, cutLow: low > 0, cutHigh: high < length - 1 };
}

/** Between which indices the centre may lie; at an edge of the scan the area may stick out. */
function centreLimits(axis, now) {
  const { low, high, cutLow, cutHigh } = ends(axis);
  const reach = Math.ceil(now[axis.radius] / axis.spacing_mm);
  return [cutLow ? low + reach : low, cutHigh ? high - reach : high];
}

/** The largest radius, in half millimetres, that has room here. */
function largestRadius(axis) {
  const { cutLow, cutHigh } = ends(axis);
  const sides = cutLow + cutHigh;
  if (!sides) return Infinity;
  return Math.floor(2 * Math.floor((axis.count - 1) / sides) * axis.spacing_mm) / 2;
}

/**
 * The brightest pixel of bone beside the area, on its slices and within so many mm of its centre:
 * {slice, x, y, value}, or null. Of equally bright ones the first in the scan's array.
 */
export function brightestNearby(stack, now) {
  const { across, down, width, values, has_bone } = stack;
  const area = areaPlane(stack, now);
  let best = null;
  for (const { index, stir, bone } of slicesIn(stack, now)) {
    for (let i = 0; i < stir.length; i += 1) {
      if (area[i] || (has_bone && !bone[i])) continue;
      const [x, y] = [i % width, Math.floor(i / width)];
      const a = offset(across, now, x) * across.spacing_mm;
      const b = offset(down, now, y) * down.spacing_mm;
      if (a * a + b * b > WITHIN_MM * WITHIN_MM) continue;
      const pixel = { slice: index, x, y, value: values[stir[i]] };
      if (!best || brighter(stack, pixel, best)) best = pixel;
    }
  }
  return best;
}

/** Whether a pixel is brighter than another or, equally bright, before it in the scan's array. */
function brighter({ across, down, array_order }, first, second) {
  if (first.value !== second.value) return first.value > second.value;
  const order = ({ slice, x, y }) => {
    const [a, b] = [across.first + across.step * x, down.first + down.step * y];
    const at = { [across.name]: a, [down.name]: b, slice };
    return array_order.map((name) => at[name]);
  };
  const [a, b] = [order(first), order(second)];
  const differs = a.findIndex((place, i) => place !== b[i]);
  return differs >= 0 && a[differs] < b[differs];
}

/**
 * The centre nearest to the present one from which the area takes a pixel in, as settings; null
 * where the page has none. Of equally near ones the first in the scan's array.
 */
export function nearestCentre(stack, now, spot) {
  const { across, down } = stack;
  const axes = [
    { ...across, at: spot.x },
    { ...down, at: spot.y },
  ].sort((a, b) => stack.array_order.indexOf(a.name) - stack.array_order.indexOf(b.name));
  const [first, second] = axes.map((axis) => {
    const [low, high] = centreLimits(axis, now);
    const goal = axis.first + axis.step * axis.at;
    return Array.from({ length: high - low + 1 }, (_, n) => {
      const at = low + n;
      const part = ((goal - at) * axis.spacing_mm) / now[axis.radius];
      const way = (at - now[axis.name]) * axis.spacing_mm;
      return { at, part: part * part, way: way * way };
    });
  });
  let best = null;
  for (const a of first) {
    for (const b of second) {
      if (a.part + b.part > DEPTH * DEPTH) continue;
      const way = a.way + b.way;
      if (best && way >= best.way) continue;
      best = { way, moved: { [axes[0].name]: a.at, [axes[1].name]: b.at } };
    }
  }
  return best && best.moved;
}
