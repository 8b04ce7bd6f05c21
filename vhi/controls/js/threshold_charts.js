// The threshold lab's two charts: normal bone with both thresholds, and volume against n.
//
// Offers: marrowChart, volumeCurve, limits, these

import { countLabels, histogram, keptLabels } from "./core.js";
import { keptByLower } from "./sweep.js";
import { RED, YELLOW, counted, digits, drawn } from "./view.js";
import { bars, chart, line } from "./chart.js";

const AMBER = "#c98a00"; // yellow is too pale for a line on white

/** Histogram of normal bone; both thresholds are handles on it. */
export function marrowChart(stack, onMove) {
  const { edges, counts } = histogram(stack.normal_bone);
  const { low, high } = limits(stack, "lower");
  let now = stack.rule;
  const band = (scale, from, to, fill) =>
    drawn("rect", {
      x: scale.x(from),
      y: scale.top,
      width: Math.max(scale.x(to) - scale.x(from), 0),
      height: scale.bottom - scale.top,
      fill,
      opacity: 0.35,
    });
  const made = chart({
    label: `Histogram of ${stack.normal_bone.length} voxels of normal bone, with both thresholds`,
    xLabel: "STIR intensity (scanner units)",
    yLabel: `voxels of normal bone (${counted(stack.normal_bone.length)})`,
    x: [low, high],
    y: [0, Math.max(...counts)],
    draw: (scale) => [
      band(scale, now.lower, now.upper, YELLOW),
      band(scale, now.upper, high, RED),
      ...bars(scale, edges, counts),
      dashed(scale, stack.rule.lower),
      dashed(scale, stack.rule.upper),
    ],
  });
  const handle = (name, words, colour) =>
    made.handle({
      ...limits(stack, name),
      label: `${words} threshold`,
      colour,
      atTop: name === "upper",
      text: (value) => digits(value),
      onMove: (value) => onMove({ [name]: value }),
    });
  const handles = { lower: handle("lower", "Lower", AMBER), upper: handle("upper", "Upper", RED) };
  const refresh = (settings) => {
    now = settings;
    made.refresh();
    for (const name of ["lower", "upper"]) handles[name].set(now[name]);
  };
  return { element: made.element, refresh };
}

/** Volume against n, with the rule's n and the present one. */
export function volumeCurve(stack) {
  const { rule, voxel_mm3 } = stack;
  const { low, high, step } = limits(stack, "multiple");
  const places = Math.round((high - low) / step) + 1;
  const grid = Array.from({ length: places }, (_, i) => low + i * step);
  const lowerAt = (n) => rule.upper_quartile + n * rule.iqr;
  const counts = keptByLower(stack, grid.map(lowerAt));
  const heldAt = (cap) => countLabels(keptLabels(stack, { lower: cap, upper: cap })).voxels;
  const power = (volume, round) => 10 ** round(Math.log10(Math.max(volume * voxel_mm3, 1)));
  const least = power(heldAt(rule.upper), Math.floor);
  const most = Math.max(power(counts[0], Math.ceil), 10 * least);
  let now = { ...rule, voxels: 0 };

  const points = () => {
    // Above the upper threshold the lower one goes no further, and the volume stays.
    const cap = Math.min(rule.upper, now.upper);
    const held = heldAt(cap);
    const below = grid.flatMap((n, i) => (lowerAt(n) < cap ? [[n, counts[i] * voxel_mm3]] : []));
    const end = Math.max((cap - rule.upper_quartile) / rule.iqr, low);
    return [...below, [end, held * voxel_mm3], [high, held * voxel_mm3]];
  };
  const made = chart({
    label: "Volume against the multiple n",
    xLabel: "multiple n",
    yLabel: `mm³ in ${these(stack)} (logarithmic)`,
    x: [low, high],
    y: [least, most],
    log: true,
    draw: (scale) => [
      dashed(scale, rule.multiple, "rule"),
      line(scale, points()),
      drawn("circle", {
        cx: scale.x(now.multiple),
        cy: scale.y(now.voxels * voxel_mm3),
        r: 6,
        fill: AMBER,
        stroke: "currentColor",
      }),
    ],
  });
  const refresh = (settings, voxels) => {
    now = { ...settings, voxels };
    made.refresh();
  };
  return { element: made.element, refresh };
}

function dashed(scale, at, words = "") {
  const x = scale.x(at);
  const stroke = drawn("path", {
    d: `M${x} ${scale.top}V${scale.bottom}`,
    stroke: "currentColor",
    "stroke-dasharray": "4 3",
  });
  if (!words) return stroke;
  return drawn("g", {}, stroke, drawn("text", { x: x + 4, y: scale.top + 10 }, words));
}

/** Ends and step of a setting's slider. */
export function limits({ rule, normal_bone, window }, name) {
  if (name === "multiple") {
    const { multiple } = rule;
    const high = Math.max(6, Math.ceil(multiple) + 2);
    return { low: Math.min(0, Math.floor(multiple)), high, step: 0.05 };
  }
  const low = Math.min(0, normal_bone[0]);
  const high = Math.max(window[1], rule.upper + 2 * rule.iqr);
  // 200 steps or more, on any scale.
  return { low, high, step: 10 ** Math.floor(Math.log10((high - low) / 200)) };
}

/** How many slices there are, in words. */
export function these(stack) {
  return stack.slices.length > 1 ? `these ${stack.slices.length} slices` : "this slice";
}
