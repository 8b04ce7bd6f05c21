// A slice to clean as numbers: its regions, what is left, its score.
//
// Offers: decodeRound, only, leftPixels, scoreOf, decidedOtherwise, regionNear

import { decodeArray, labelRegions } from "./core.js";

/** A round of `data` with arrays decoded, regions numbered, and their order, largest first. */
export function decodeRound(data) {
  const candidates = decodeArray(data.candidates);
  const upper = decodeArray(data.upper);
  const { regions, sizes } = labelRegions(candidates, data.width, data.height);
  const order = sizes.map((_, number) => number).slice(1);
  return {
    ...data,
    stir: decodeArray(data.stir),
    t1w: data.t1w && decodeArray(data.t1w),
    labels: candidates.map((candidate, i) => candidate + upper[i]),
    regions,
    sizes,
    order: order.sort((a, b) => sizes[b] - sizes[a] || a - b),
    references: data.references.map((mask) => decodeReference(mask, regions, sizes.length)),
  };
}

/** A mask to compare with; `shared`: how many of its pixels lie in each region. */
function decodeReference(data, regions, count) {
  const mask = decodeArray(data.mask);
  const shared = new Array(count).fill(0);
  mask.forEach((marked, i) => {
    shared[regions[i]] += marked;
  });
  return { ...data, mask, shared, pixels: totalOf(shared, shared.keys()) };
}

/** The mask of some regions, by their numbers. */
export function only({ regions }, numbers) {
  const wanted = new Set(numbers);
  return Uint8Array.from(regions, (number) => (wanted.has(number) ? 1 : 0));
}

/** How many pixels are left after some regions went. */
export function leftPixels({ order, sizes }, removed) {
  return totalOf(sizes, keptOf(order, removed));
}

/**
 * A cleaning compared with a reference, beside the best that whole regions can give.
 * Counted by region, not by pixel: it follows every click.
 */
export function scoreOf({ order, sizes, voxel_mm3 }, removed, { best, shared, pixels }) {
  const overlap = (kept) => {
    const both = totalOf(sizes, kept) + pixels;
    return both ? (2 * totalOf(shared, kept)) / both : 1;
  };
  const beyond = (kept) => (totalOf(sizes, kept) - pixels) * voxel_mm3;
  const yours = keptOf(order, removed);
  return {
    dice: overlap(yours),
    ceiling: overlap(best),
    difference: beyond(yours),
    ceilingDifference: beyond(best),
  };
}

function keptOf(order, removed) {
  return order.filter((number) => !removed.has(number));
}

function totalOf(counts, numbers) {
  let total = 0;
  for (const number of numbers) total += counts[number];
  return total;
}

/** The region at a pixel, else the nearest within so many pixels, else 0. */
export function regionNear({ regions, width, height }, { x, y }, reach) {
  let region = regions[y * width + x];
  let nearest = region ? 0 : Infinity;
  for (let row = Math.max(y - reach, 0); row <= Math.min(y + reach, height - 1); row += 1) {
    for (let column = Math.max(x - reach, 0); column <= Math.min(x + reach, width - 1); column += 1) {
      const away = Math.hypot(column - x, row - y);
      if (!regions[row * width + column] || away >= nearest || away > reach) continue;
      nearest = away;
      region = regions[row * width + column];
    }
  }
  return region;
}

/** How many regions are kept here and removed in the best cleaning for the first mask, or v.v. */
export function decidedOtherwise(round, removed) {
  const best = new Set(round.references[0].best);
  return round.order.filter((number) => removed.has(number) === best.has(number)).length;
}
