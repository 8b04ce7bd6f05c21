// What follows from an area of normal bone, beside what followed at first: chart, table, words.
//
// Offers: marrowChart, comparison, summary, includedSpot, warning

import { histogram } from "./core.js";
import { BLUE, RED, TURQUOISE, counted, digits, drawn, element } from "./view.js";
import { bars, chart } from "./chart.js";

const AMBER = "#c98a00";
const ROWS = {
  voxels: "Voxels inside",
  lower_quartile: "Lower quartile",
  median: "Median",
  upper_quartile: "Upper quartile",
  iqr: "Interquartile range",
  multiple: "Multiple n",
  lower: "Lower threshold",
  upper: "Upper threshold",
  bone_above: "Bone at or above the lower threshold (voxels)",
  bone_whole: "The same in the whole scan",
};

const COUNTS = new Set(["voxels", "bone_above", "bone_whole"]);

/** Histogram of what is inside, with quartiles and thresholds; thinly, the thresholds at first. */
export function marrowChart(stack, atFirst) {
  let result = atFirst;
  const upright = (scale, value, stroke, more = {}) =>
    drawn("path", {
      d: `M${scale.x(value)} ${scale.top}V${scale.bottom}`,
      stroke,
      "stroke-width": 2,
      ...more,
    });
  const made = chart({
    label: "Histogram of the intensities inside the area, with quartiles and thresholds",
    xLabel: "STIR intensity (scanner units)",
    yLabel: "",
    x: [0, 1],
    y: [0, 1],
    draw: (scale) => {
      if (!result.sorted.length) return [];
      const { edges, counts } = histogram(result.sorted);
      const shown = bars(scale, edges, counts);
      if (result.problem) return shown;
      const between = drawn("rect", {
        x: scale.x(result.lower_quartile),
        width: scale.x(result.upper_quartile) - scale.x(result.lower_quartile),
        y: scale.top,
        height: scale.bottom - scale.top,
        fill: BLUE,
        opacity: 0.25,
      });
      const before = atFirst.problem ? [] : [atFirst.lower, atFirst.upper];
      const dashes = { "stroke-dasharray": "4 3", "stroke-width": 1 };
      return [
        between,
        ...shown,
        ...before.map((value) => upright(scale, value, "currentColor", dashes)),
        upright(scale, result.lower, AMBER),
        upright(scale, result.upper, RED),
      ];
    },
  });
  const refresh = (now) => {
    result = now;
    const { sorted } = result;
    const most = sorted.length ? Math.max(...histogram(sorted).counts) : 1;
    const middle = (stack.window[0] + stack.window[1]) / 2;
    const ends = [atFirst.upper, sorted[sorted.length - 1], middle];
    const low = Math.min(sorted[0] ?? 0, 0);
    const high = Math.max(...ends.filter(Number.isFinite));
    made.refresh({
      x: [low, high + 0.1 * (high - low)],
      y: [0, most],
      yLabel: `voxels of normal bone (${counted(sorted.length)})`,
    });
  };
  return { element: made.element, refresh };
}

/** A table of what follows now beside what followed at first. */
export function comparison(stack, atFirst, withKernel) {
  const there = { bone_above: stack.has_bone, bone_whole: stack.has_bone && withKernel };
  const rows = Object.entries(ROWS).filter(([name]) => there[name] ?? true);
  const cells = Object.fromEntries(
    rows.map(([name]) => [name, element("td", { "data-name": name })]),
  );
  const head = (text) => element("th", { scope: "col" }, text);
  const body = rows.map(([name, label]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, label),
      element("td", {}, inWords(name, atFirst)),
      cells[name],
    ),
  );
  const table = element(
    "table",
    { class: "vhi-compared" },
    element("thead", {}, element("tr", {}, element("td"), head("at first"), head("now"))),
    element("tbody", {}, ...body),
  );
  const refresh = (result) => {
    for (const [name] of rows) {
      cells[name].textContent = inWords(name, result);
      cells[name].dataset.value = result[name] ?? "";
    }
  };
  return { element: element("div", {}, element("style", {}, AREA_STYLE), table), refresh };
}

const AREA_STYLE = `
.vhi-live table.vhi-compared { border-collapse: collapse; width: 100%; margin: 0.4em 0;
  font-size: inherit; color: inherit; background: none; }
.vhi-live table.vhi-compared :is(tr, th, td) { background: none; color: inherit; border: 0; }
.vhi-live table.vhi-compared :is(th, td) { padding: 0.1em 0.4em; text-align: right;
  font-variant-numeric: tabular-nums; font-weight: 400; }
.vhi-live table.vhi-compared th[scope="row"] { text-align: left; padding-left: 0; }
.vhi-live table.vhi-compared td[data-name] { font-weight: 600; }
.vhi-live table.vhi-compared thead th { white-space: nowrap; }
.vhi-live .vhi-wider { flex: 3 1 26rem; }
.vhi-live .vhi-wider + div { flex: 2 1 15rem; }
.vhi-live .vhi-dense { row-gap: 0; }
.vhi-live .vhi-remark:not(:empty) { border-left: 3px solid ${TURQUOISE}; padding-left: 0.6em; }
`;

// -------------------------------------------------------------------------------------------- words

function inWords(name, result) {
  if (result.problem || !Number.isFinite(result[name])) return "–";
  if (COUNTS.has(name)) return counted(result[name]);
  return name === "multiple" ? result[name].toFixed(2) : digits(result[name]);
}

export function summary(result) {
  return (
    `${counted(result.voxels)} voxels inside, lower threshold ${inWords("lower", result)}, upper `
    + `${inWords("upper", result)}, n ${inWords("multiple", result)}`
  );
}

/** What taking a bright spot in did. */
export function includedSpot(spot, atFirst, result) {
  if (result.problem || atFirst.problem) return "";
  const change = (name) => `${inWords(name, atFirst)} → ${inWords(name, result)}`;
  const above = () => `; bone at or above it: ${change("bone_above")} voxels`;
  const bone = result.bone_above === null ? "" : above();
  return (
    `The area now includes a spot of intensity ${digits(spot.value)} on slice ${spot.slice} `
    + "(ring). Upper "
    + `threshold ${change("upper")}, lower ${change("lower")}${bone}. The code cannot tell `
    + "whether it is a vessel, inflammation or the edge of bone."
  );
}

/** A warning about the area, as `vhi.steps.thresholds` gives it. */
export function warning({ doubtful }, { voxels, multiple }) {
  if (voxels < doubtful.voxels_below) return `Only ${voxels} voxels: the thresholds are uncertain.`;
  if (multiple > doubtful.multiple_above) {
    const limit = doubtful.multiple_above;
    return `n is above ${limit}: the area contains something much brighter than marrow.`;
  }
  if (multiple < doubtful.multiple_below) {
    return "n is below 1.50: the brightest voxel lies close to the others.";
  }
  return "";
}
