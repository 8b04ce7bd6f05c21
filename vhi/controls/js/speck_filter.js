// Which regions stay, a closer cut of a plane, and how what goes fades away.
//
// Offers: speckFilter, halved, cutter, gone, fading, fader

import { countLabels, labelCandidates, labelRegions } from "./core.js";
import { RED, TURQUOISE, YELLOW } from "./view.js";

const COLOURS = { 1: YELLOW, 2: RED };
const FADE_MS = 700;
const FAINT = 0.7;

/** Candidates of the slices, labelled into regions once for each way of touching. */
export function speckFilter(stack) {
  const { width, height, values } = stack;
  const labels = stack.slices.map(({ stir, bone }) =>
    labelCandidates(values, stir, bone, stack.thresholds),
  );
  const known = {};
  const labelled = (neighbours) => {
    known[neighbours] ??= labels.map((plane) => labelRegions(plane, width, height, neighbours));
    return known[neighbours];
  };
  const kept = ({ min_pixels, neighbours }) =>
    labelled(neighbours).map(({ regions, sizes }, at) =>
      labels[at].map((label, i) => (sizes[regions[i]] >= min_pixels ? label : 0)),
    );
  const sizes = (neighbours) => labelled(neighbours).flatMap((plane) => plane.sizes.slice(1));
  const largest = (at) => {
    const { regions, sizes: pixelsOf } = labelled(8)[at];
    return regions.indexOf(pixelsOf.indexOf(Math.max(...pixelsOf.slice(1), 0)));
  };
  return { labels, kept, sizes, largest, voxels: countLabels(labels).voxels };
}

// ------------------------------------------------------------------------------------------- closer

/** A stack of half the width and height, for a picture in which a single pixel is seen. */
export function halved(stack) {
  return { ...stack, width: Math.ceil(stack.width / 2), height: Math.ceil(stack.height / 2) };
}

/** A function that cuts a plane to that size around one of its pixels. */
export function cutter(stack, pixel) {
  const { width, height } = halved(stack);
  const start = (middle, length, full) =>
    Math.min(Math.max(middle - Math.floor(length / 2), 0), full - length);
  const left = start(pixel % stack.width, width, stack.width);
  const top = start(Math.floor(pixel / stack.width), height, stack.height);
  return (plane) => {
    const cut = new Uint8Array(width * height);
    for (let y = 0; y < height; y += 1) {
      const row = (top + y) * stack.width + left;
      cut.set(plane.subarray(row, row + width), y * width);
    }
    return cut;
  };
}

// ------------------------------------------------------------------------------------------- fading

/** Labels that are in the first plane and not in the second. */
export function gone(first, second) {
  return first.map((label, i) => (second[i] ? 0 : label));
}

/** Layers on the way (`part` 0 to 1) from what stayed before to what stays now. */
export function fading(labels, before, after, part) {
  const going = gone(before, after);
  const coming = gone(after, before);
  const turquoise = { 1: TURQUOISE, 2: TURQUOISE };
  return [
    { plane: gone(labels, after), colours: turquoise, opacity: FAINT },
    { plane: gone(after, coming), colours: COLOURS },
    { plane: going, colours: COLOURS, opacity: 1 - part },
    { plane: coming, colours: COLOURS, opacity: part },
  ];
}

/** A function that draws a change over some time, or at once where motion is not wanted. */
export function fader() {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let frame = 0;
  return (draw, changed) => {
    cancelAnimationFrame(frame);
    if (!changed || still.matches) {
      draw(1);
      return;
    }
    const began = performance.now();
    const step = () => {
      const part = Math.min((performance.now() - began) / FADE_MS, 1);
      draw(part);
      if (part < 1) frame = requestAnimationFrame(step);
    };
    step();
  };
}
