// Thresholds and histogram of normal bone: as stored, or of the area that is being drawn.
//
// Offers: numbersOf

import { estimateThresholds, histogram } from "/controls/core.js";

/** Returns a function for {now, histogram (null without normal bone)}; at rest `now` is `file.now`. */
export function numbersOf(file, ui) {
  const kept = { mark: "", bars: null };
  const barsOf = (sorted) => (sorted.length ? histogram(sorted) : null);
  const intensities = () => {
    const values = [];
    for (let slice = 0; slice < file.slices; slice += 1) {
      const codes = file.plane("stir", slice);
      file.shown("normal_bone", slice, ui.pending).forEach((yes, i) => yes && values.push(file.value("stir", codes[i])));
    }
    return Float64Array.from(values).sort();
  };
  return () => {
    if (ui.pending?.name !== "normal_bone" && !file.isStoring("normal_bone")) {
      const mark = String(file.now.revisions.normal_bone);
      if (kept.mark !== mark) Object.assign(kept, { mark, bars: barsOf(intensities()) });
      return { now: file.now, histogram: kept.bars };
    }
    const sorted = intensities();
    const now = { ...file.now, thresholds: null, warnings: [], problem: null };
    now.normal_bone = { voxels: sorted.length, changed: 0 };
    try {
      now.thresholds = estimateThresholds(sorted);
    } catch (error) {
      now.problem = error.message;
    }
    return { now, histogram: barsOf(sorted) };
  };
}
