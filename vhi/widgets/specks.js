// Speck filter: how small a region may be and still stay, and which pixels touch (step v).
//
// Model: data (see SpeckControl.page_data), slice, min_pixels, neighbours.

import { countLabels, decodeStack } from "./core.js";
import { cutter, fader, fading, gone, halved, speckFilter } from "./speck_filter.js";
import { RED, begin, counted, drawn, element, greyOf, sliceView, withUnit } from "./view.js";
import { bars, chart } from "./chart.js";
import { announcer, button, choice, readings, slider } from "./inputs.js";

const SETTINGS = ["slice", "min_pixels", "neighbours"];
const GREY = "#8aa1b4";

function render({ model, el }) {
  const stack = decodeStack(model.get("data"));
  const { paper } = stack;
  const filter = speckFilter(stack);
  const pictures = { whole: sliceView(stack), closer: sliceView(halved(stack)) };
  const said = announcer();
  let now = settingsOf(model);
  let zoom = "whole";
  let moving = false;

  const show = (moved) => {
    const before = now;
    now = { ...now, ...moved };
    moving = true;
    for (const name of SETTINGS) model.set(name, now[name]);
    moving = false;
    model.save_changes();
    refresh(before);
  };

  const limit = slider({
    label: `Smallest region that stays (paper: ${paper.min_pixels})`,
    low: 1,
    high: stack.most,
    value: now.min_pixels,
    text: pixels,
    mark: { value: paper.min_pixels, text: "▲" },
    onMove: (min_pixels) => show({ min_pixels }),
  });
  const touching = choice(
    "Pixels touch at",
    [[8, "sides and corners (8 neighbours, paper)"], [4, "sides only (4 neighbours)"]],
    now.neighbours,
    (neighbours) => show({ neighbours }),
  );
  const last = stack.slices.length - 1;
  const slices = slider({
    label: "Slice",
    low: 0,
    high: Math.max(last, 1),
    value: place(stack, now.slice),
    text: (at) => `${stack.slices[Math.min(at, last)].index}`,
    onMove: (at) => show({ slice: stack.slices[Math.min(at, last)].index }),
  });
  const closeness = choice(
    "Look at",
    [["whole", "all bone"], ["closer", "the largest region, closer"]],
    zoom,
    (to) => {
      zoom = to;
      refresh();
    },
  );
  const numbers = readings({
    regions: "Regions that stay",
    voxels: "Voxels that stay",
    volume: "Volume that stays",
  });
  const sizes = sizeChart(stack);
  const fade = fader();

  const refresh = (before = now) => {
    const kept = filter.kept(now);
    const at = place(stack, now.slice);
    const old = before.slice === now.slice ? filter.kept(before)[at] : kept[at];
    const slice = stack.slices[at];
    const grey = greyOf(stack, slice);
    const inPlane = (plane) => counted(countLabels([plane]).voxels);
    const text = `STIR slice ${slice.index}: ${inPlane(kept[at])} pixels stay, `
      + `${inPlane(gone(filter.labels[at], kept[at]))} go`;
    const cut = zoom === "whole" ? (plane) => plane : cutter(stack, filter.largest(at));
    for (const [name, each] of Object.entries(pictures)) each.element.hidden = name !== zoom;
    const draw = (part) => {
      const layers = fading(filter.labels[at], old, kept[at], part);
      pictures[zoom].draw({
        grey: cut(grey),
        layers: layers.map((layer) => ({ ...layer, plane: cut(layer.plane) })),
        text,
      });
    };
    fade(draw, old.some((label, i) => label !== kept[at][i]));

    const all = filter.sizes(now.neighbours);
    const stay = all.filter((size) => size >= now.min_pixels).length;
    const { voxels } = countLabels(kept);
    const volume = voxels * stack.voxel_mm3;
    numbers.set("regions", `${counted(stay)} of ${counted(all.length)}`, stay);
    numbers.set("voxels", `${counted(voxels)} of ${counted(filter.voxels)}`, voxels);
    numbers.set("volume", `${counted(volume, 0)} mm³`, volume);
    limit.set(now.min_pixels);
    touching.set(now.neighbours);
    slices.set(at);
    sizes.refresh(now, all);
    said.say(
      `Regions from ${pixels(now.min_pixels)} on: ${counted(stay)} of ${counted(all.length)} stay, `
        + withUnit(voxels, stack.voxel_mm3),
    );
  };

  const back = button("Back to the paper’s rule", () => show(paper));
  const columns = (...parts) => element("div", { class: "vhi-columns" }, ...parts);
  begin(el).append(
    ...Object.values(pictures).map((each) => each.element),
    closeness.element,
    ...(last ? [slices.element] : []),
    columns(
      element(
        "div",
        {},
        limit.element,
        touching.element,
        element("div", { class: "vhi-row" }, back),
        numbers.element,
      ),
      sizes.element,
    ),
    element("p", { class: "vhi-note" }, note(stack)),
    said.element,
  );

  const follow = () => {
    if (moving) return;
    const before = now;
    now = settingsOf(model);
    refresh(before);
  };
  for (const name of SETTINGS) model.on(`change:${name}`, follow);
  refresh();
  return () => SETTINGS.forEach((name) => model.off(`change:${name}`, follow));
}

// -------------------------------------------------------------------------------------------- chart

/** How many regions there are of each size; the last bar holds all larger ones. */
function sizeChart(stack) {
  const most = stack.most + 1;
  const edges = Array.from({ length: most + 1 }, (_, i) => i + 0.5);
  let counts = edges.slice(1).fill(0);
  let limit = 1;
  const side = (stays) => counts.map((count, i) => (i + 1 >= limit === stays ? count : 0));
  const made = chart({
    label: "Number of regions by size",
    xLabel: `pixels in the region (last bar: over ${stack.most})`,
    yLabel: "",
    x: [0.5, most + 0.5],
    y: [0, 1],
    draw: (scale) => [
      ...bars(scale, edges, side(false), GREY),
      ...bars(scale, edges, side(true), RED),
      drawn("path", {
        d: `M${scale.x(limit - 0.5)} ${scale.top}V${scale.bottom}`,
        stroke: "currentColor",
        "stroke-dasharray": "4 3",
      }),
    ],
  });
  const refresh = ({ min_pixels }, all) => {
    limit = min_pixels;
    counts = counts.map((_, i) => all.filter((size) => Math.min(size, most) === i + 1).length);
    made.refresh({
      y: [0, Math.max(...counts, 1)],
      yLabel: `regions (${counted(all.length)}); grey: removed, red: kept`,
    });
  };
  return { element: made.element, refresh };
}

// -------------------------------------------------------------------------------------------- words

function settingsOf(model) {
  return Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
}

/** Place of a slice among those that are here; the first where it is not. */
function place(stack, index) {
  return Math.max(stack.slices.findIndex((slice) => slice.index === index), 0);
}

function pixels(count) {
  return count === 1 ? "1 pixel" : `${count} pixels`;
}

function note({ slices, whole, voxel_mm3, paper }) {
  const these = slices.length > 1 ? `these ${slices.length} slices` : "this slice";
  return (
    `Counts and volume are of ${these} of the scan’s ${whole.slices}, before cleaning; the whole `
    + `scan keeps ${counted(whole.regions)} of ${counted(whole.regions_before)} regions by the `
    + `paper’s rule (${pixels(paper.min_pixels)} or more, touching at sides and corners): `
    + `${withUnit(whole.voxels, voxel_mm3)}. Yellow: from the lower threshold on; red: from the `
    + "upper one on; turquoise: removed."
  );
}

export default { render };
