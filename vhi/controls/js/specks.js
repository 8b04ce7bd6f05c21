// Speck filter: how small a region may be and still stay, and which pixels touch (step v).
//
// Model: data (see SpeckControl.data), slice, min_pixels, neighbours; in a notebook also
// whole {regions_before, regions, voxels}.

import { countLabels, decodeStack } from "./core.js";
import { cutter, fader, fading, gone, halved, speckFilter } from "./speck_filter.js";
import { RED, begin, counted, digits, drawn, element, greyOf, sliceView, withUnit } from "./view.js";
import { bars, chart } from "./chart.js";
import { announcer, button, choice, readings, slider } from "./inputs.js";
import { anew, nearestSlice, settingsOn, sliceSlider } from "./follow.js";

const SETTINGS = ["slice", "min_pixels", "neighbours"];
const GREY = "#8aa1b4";

const render = anew(draw);

function draw({ model, el, look }) {
  const stack = decodeStack(model.get("data"));
  const { paper } = stack;
  const filter = speckFilter(stack);
  const pictures = { whole: sliceView(stack), closer: sliceView(halved(stack)) };
  const live = announcer();
  look.zoom ??= "whole";
  const settings = settingsOn(model, SETTINGS, () => {
    const before = now;
    now = settings.read();
    refresh(before);
  });
  let now = settings.read();

  const show = (moved) => {
    const before = now;
    now = { ...now, ...moved };
    settings.write(now);
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
  const slices = sliceSlider(model, stack, (slice) => show({ slice }));
  const closeness = choice(
    "Show",
    [["whole", "all bone"], ["closer", "the largest region, closer"]],
    look.zoom,
    (zoom) => {
      look.zoom = zoom;
      refresh();
    },
  );
  const numbers = readings({
    regions: "Regions that stay",
    voxels: "Voxels that stay",
    volume: "Volume that stays",
    ...(model.get("whole") ? { whole: "Whole scan" } : {}),
  });
  const showWhole = () => {
    if (!model.get("whole")) return;
    const { regions_before, regions, voxels } = model.get("whole");
    const words = `${counted(regions)} of ${counted(regions_before)} regions`;
    numbers.set("whole", `${words}, ${withUnit(voxels, stack.voxel_mm3)}`, voxels);
  };
  const whole = settingsOn(model, ["whole"], showWhole);
  const sizes = sizeChart(stack);
  const fade = fader();

  const refresh = (before = now) => {
    const kept = filter.kept(now);
    const at = nearestSlice(stack, now.slice);
    const old = before.slice === now.slice ? filter.kept(before)[at] : kept[at];
    const slice = stack.slices[at];
    const grey = greyOf(stack, slice);
    const inPlane = (plane) => counted(countLabels([plane]).voxels);
    const text = `STIR slice ${slice.index}: ${inPlane(kept[at])} pixels stay, `
      + `${inPlane(gone(filter.labels[at], kept[at]))} go`;
    const cut = look.zoom === "whole" ? (plane) => plane : cutter(stack, filter.largest(at));
    for (const [name, view] of Object.entries(pictures)) view.element.hidden = name !== look.zoom;
    const drawPart = (part) => {
      const layers = fading(filter.labels[at], old, kept[at], part);
      pictures[look.zoom].draw({
        grey: cut(grey),
        layers: layers.map((layer) => ({ ...layer, plane: cut(layer.plane) })),
        text,
      });
    };
    fade(drawPart, old.some((label, i) => label !== kept[at][i]));

    const all = filter.sizes(now.neighbours);
    const stay = all.filter((size) => size >= now.min_pixels).length;
    const { voxels } = countLabels(kept);
    const volume = voxels * stack.voxel_mm3;
    numbers.set("regions", `${counted(stay)} of ${counted(all.length)}`, stay);
    numbers.set("voxels", `${counted(voxels)} of ${counted(filter.voxels)}`, voxels);
    numbers.set("volume", `${digits(volume, 0, 1)} mm³`, volume);
    limit.set(now.min_pixels);
    touching.set(now.neighbours);
    slices.set(now.slice);
    sizes.refresh(now, all);
    live.say(
      `Regions of ${pixels(now.min_pixels)} or more: ${counted(stay)} of ${counted(all.length)} stay, `
        + withUnit(voxels, stack.voxel_mm3),
    );
  };

  const back = button("Back to the paper’s rule", () => show(paper));
  const columns = (...parts) => element("div", { class: "vhi-columns" }, ...parts);
  begin(el).append(
    ...Object.values(pictures).map((view) => view.element),
    closeness.element,
    slices.element,
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
    live.element,
  );

  refresh();
  showWhole();
  return () => {
    settings.leave();
    whole.leave();
  };
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

function pixels(count) {
  return count === 1 ? "1 pixel" : `${count} pixels`;
}

function note({ slices, whole, voxel_mm3, paper }) {
  const shown = slices.length > 1 ? `these ${slices.length} slices` : "this slice";
  return (
    `Counts and volume are of ${shown} of the scan’s ${whole.slices}, before cleaning; the whole `
    + `scan keeps ${counted(whole.regions)} of ${counted(whole.regions_before)} regions by the `
    + `paper’s rule (${pixels(paper.min_pixels)} or more, touching at sides and corners): `
    + `${withUnit(whole.voxels, voxel_mm3)}. Yellow: at or above the lower threshold; red: at `
    + "or above the upper one; turquoise: removed."
  );
}

export default { render };
