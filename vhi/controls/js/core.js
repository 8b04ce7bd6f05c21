// Numbers of the workflow, the same as in Python to the last bit. No page, no picture here.
//
// Offers: decodeArray, decodeStack            stored arrays -> typed arrays
//         percentile, estimateThresholds, thresholdsAt, moveThresholds        (step ii)
//         labelCandidates, labelRegions, removeSmallRegions, keptLabels       (steps iv and v)
//         countLabels, histogram, dice
//
// Planes are flat arrays, row by row, as the picture is read: pixel (x, y) is at y * width + x.
// Thresholds are objects {lower, upper, upper_quartile, iqr, multiple}, as vhi.Thresholds.

// From vhi/steps/thresholds.py, which gives the sources of these constants.
const FIRST_MULTIPLE = 1.5;
const STEP = 0.05;
const MAX_MULTIPLE = 1000;
const TINY = 1e-6;
const MIN_VOXELS = 20;

const ARRAY_TYPES = {
  float64: Float64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/** An array stored by vhi/controls/page.py: {type, length, base64}; "bits" become bytes 0 and 1. */
export function decodeArray({ type, length, base64 }) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = text.charCodeAt(i);
  if (type !== "bits") return new ARRAY_TYPES[type](bytes.buffer);
  const bits = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bits[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return bits;
}

/**
 * What `stack_data` in page.py or `area_data` in area.py stored, arrays decoded.
 *
 * values: intensities, sorted. slices[]: {index, stir (places in values), masks by name (0/1),
 * t1w (bytes to look at, where there is one)}. normal_bone: intensities of the whole area, sorted.
 */
export function decodeStack(data) {
  const stack = { ...decodeFields(data), slices: data.slices.map(decodeFields) };
  const intensities = Float64Array.from(stack.normal_bone ?? [], (place) => stack.values[place]);
  return { ...stack, normal_bone: intensities.sort() };
}

function decodeFields(object) {
  const decoded = (field) => (typeof field?.base64 === "string" ? decodeArray(field) : field);
  return Object.fromEntries(Object.entries(object).map(([name, field]) => [name, decoded(field)]));
}

/** numpy's default percentile (linear) of sorted numbers. */
export function percentile(sorted, percent) {
  const place = (sorted.length - 1) * (percent / 100);
  const below = Math.floor(place);
  const a = sorted[below];
  const b = sorted[Math.min(below + 1, sorted.length - 1)];
  const part = place - below;
  // Two forms, as numpy has them: they differ in the last bit.
  return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

/** The paper's rule on sorted intensities of normal bone. Throws an Error with a line to show. */
export function estimateThresholds(sorted) {
  if (sorted.length < MIN_VOXELS) {
    throw new Error(`${sorted.length} voxels of normal bone: at least ${MIN_VOXELS} are needed`);
  }
  const upper_quartile = percentile(sorted, 75);
  const iqr = upper_quartile - percentile(sorted, 25);
  const upper = sorted[sorted.length - 1];
  if (!(iqr > 0)) throw new Error("the intensities have no spread (interquartile range 0)");
  if (upper - upper_quartile > MAX_MULTIPLE * iqr) {
    throw new Error(`the brightest voxel lies over ${MAX_MULTIPLE} interquartile ranges out`);
  }
  // Repeated addition, not multiplication: the last digits are to be the authors'.
  let multiple = FIRST_MULTIPLE;
  while (upper - (upper_quartile + multiple * iqr) >= iqr / 2) multiple += STEP;
  while (upper - (upper_quartile + multiple * iqr) <= TINY * iqr) multiple -= STEP;
  return { lower: upper_quartile + multiple * iqr, upper, upper_quartile, iqr, multiple };
}

/** Thresholds for an n chosen by hand; the lower one goes no further than the rule's upper one. */
export function thresholdsAt(rule, multiple) {
  const lower = Math.min(rule.upper_quartile + multiple * rule.iqr, rule.upper);
  return { ...rule, lower, multiple };
}

/**
 * Thresholds after `moved` (some of multiple, lower, upper) was set: n sets the lower one, and a
 * lower one by hand is shown as its n. It never exceeds the upper one, which takes it along.
 */
export function moveThresholds(rule, now, moved) {
  const next = { ...now, ...moved };
  const byMultiple = "multiple" in moved;
  if (byMultiple && !("lower" in moved)) next.lower = thresholdsAt(rule, next.multiple).lower;
  next.lower = Math.min(next.lower, next.upper);
  if (!byMultiple && next.lower !== now.lower) {
    next.multiple = (next.lower - rule.upper_quartile) / rule.iqr;
  }
  return next;
}

/** 0, 1 at or above the lower threshold, 2 at or above the upper; only where `bone` is marked. */
export function labelCandidates(values, stir, bone, { lower, upper }) {
  const labels = new Uint8Array(stir.length);
  for (let i = 0; i < labels.length; i += 1) {
    if (!bone[i]) continue;
    const value = values[stir[i]];
    labels[i] = (value >= lower) + (value >= upper);
  }
  return labels;
}

/**
 * Connected regions of a plane, numbered from 1 in reading order.
 * Gives {regions: a number for each pixel, sizes: pixels of each region (sizes[0] is 0)}.
 */
export function labelRegions(mask, width, height, neighbours = 8) {
  const regions = new Int32Array(mask.length);
  const sizes = [0];
  const waiting = [];
  const visit = (x, y) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const at = y * width + x;
    if (!mask[at] || regions[at]) return;
    regions[at] = sizes.length;
    waiting.push(at);
  };
  for (let start = 0; start < mask.length; start += 1) {
    if (!mask[start] || regions[start]) continue;
    let pixels = 0;
    visit(start % width, Math.floor(start / width));
    while (waiting.length) {
      const at = waiting.pop();
      const x = at % width;
      const y = (at - x) / width;
      pixels += 1;
      for (let dy = -1; dy <= 1; dy += 1) {
        for (let dx = -1; dx <= 1; dx += 1) {
          if (neighbours === 8 || !dx || !dy) visit(x + dx, y + dy);
        }
      }
    }
    sizes.push(pixels);
  }
  return { regions, sizes };
}

/** A copy of `labels` without the regions of fewer than `minPixels` pixels. */
export function removeSmallRegions(labels, width, height, minPixels, neighbours = 8) {
  const { regions, sizes } = labelRegions(labels, width, height, neighbours);
  return labels.map((label, i) => (sizes[regions[i]] >= minPixels ? label : 0));
}

/** Labels that stay, for each slice of a stack: candidates without small regions. */
export function keptLabels(stack, thresholds, minPixels = stack.min_pixels) {
  const { width, height } = stack;
  return stack.slices.map(({ stir, bone }) => {
    const labels = labelCandidates(stack.values, stir, bone, thresholds);
    return removeSmallRegions(labels, width, height, minPixels);
  });
}

/** How many labels are 1 or 2, and how many are 2, over several planes. */
export function countLabels(planes) {
  const counts = { voxels: 0, voxels_upper: 0 };
  for (const labels of planes) {
    for (const label of labels) {
      counts.voxels += label > 0;
      counts.voxels_upper += label === 2;
    }
  }
  return counts;
}

/** Histogram of sorted numbers, bins a whole number of intensity steps wide: {edges, counts}. */
export function histogram(sorted, mostBins = 60) {
  const range = sorted[sorted.length - 1] - sorted[0];
  if (!(range > 0)) return { edges: [sorted[0] - 0.5, sorted[0] + 0.5], counts: [sorted.length] };
  let step = range;
  for (let i = 1; i < sorted.length; i += 1) {
    const gap = sorted[i] - sorted[i - 1];
    if (gap > 1e-6 * range) step = Math.min(step, gap);
  }
  const width = step * Math.max(Math.round(range / step / mostBins), 1);
  const start = sorted[0] - step / 2;
  const counts = new Array(Math.floor((sorted[sorted.length - 1] - start) / width) + 1).fill(0);
  for (const value of sorted) counts[Math.floor((value - start) / width)] += 1;
  return { edges: [...counts, 0].map((_, i) => start + i * width), counts };
}

/** Overlap of two masks of one shape: 2 |A and B| / (|A| + |B|); 1 for two empty ones. */
export function dice(first, second) {
  let both = 0;
  let sum = 0;
  for (let i = 0; i < first.length; i += 1) {
    both += first[i] && second[i] ? 1 : 0;
    sum += (first[i] ? 1 : 0) + (second[i] ? 1 : 0);
  }
  return sum ? (2 * both) / sum : 1;
}
