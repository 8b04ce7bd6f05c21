// What follows from normal bone: as the server has it, or as an area that is still being drawn has it.
//
// Offers: numbersOf

import { estimateThresholds, histogram } from "/controls/core.js";

/** Gives a function for {now, histogram (null without normal bone)}; `now` is the file's own at rest. */
export function numbersOf(file, ui) {
  const kept = { mark: "", bars: null };
  const barsOf = (sorted) => (sorted.length ? histogram(sorted) : null);
  const intensities = () => {
    const found = [];
    for (let slice = 0; slice < file.slices; slice += 1) {
      const codes = file.plane("stir", slice);
      file.shown("normal_bone", slice, ui.pending).forEach((yes, i) => yes && found.push(file.value("stir", codes[i])));
    }
    return Float64Array.from(found).sort();
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
