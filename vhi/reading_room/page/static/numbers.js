// Thresholds, histogram and volume: as stored, or of the normal bone that is being drawn.
//
// Offers: numbersOf

import { estimateThresholds, histogram, labelRegions } from "/controls/core.js";

/** Returns a function for {now, histogram (null without normal bone)}; at rest `now` is `file.now`. */
export function numbersOf(file, ui) {
  const kept = { mark: "", bars: null };
  const barsOf = (sorted) => (sorted.length ? histogram(sorted) : null);
  const intensities = () => {
    const values = [];
    for (let slice = 0; slice < file.slices; slice += 1) {
      const area = file.shown("normal_bone", slice, ui.pending);
      if (!area.includes(1)) continue;
      const codes = file.plane("stir", slice);
      area.forEach((yes, i) => yes && values.push(file.value("stir", codes[i])));
    }
    return Float64Array.from(values).sort();
  };
  /**
   * Voxels left at a lower threshold, about: a region is removed where a removed one has its middle.
   * The server decides when the area is stored.
   */
  const voxelsLeft = (lower) => {
    const { width, height, meta } = file;
    const gone = new Map();
    for (const id of file.removed) {
      const [slice, row, column] = file.table.get(id).point;
      gone.set(slice, [...(gone.get(slice) ?? []), row * width + column]);
    }
    let voxels = 0;
    for (let slice = 0; slice < file.slices; slice += 1) {
      const codes = file.plane("stir", slice);
      const bone = file.plane("disease_region", slice);
      const above = new Uint8Array(codes.length);
      let any = false;
      for (let i = 0; i < above.length; i += 1) {
        if (bone[i] && file.value("stir", codes[i]) >= lower) any = above[i] = 1;
      }
      if (!any) continue;
      const { regions, sizes } = labelRegions(above, width, height);
      const removed = new Set((gone.get(slice) ?? []).map((at) => regions[at]));
      sizes.forEach((pixels, region) => {
        if (pixels >= meta.min_pixels && !removed.has(region)) voxels += pixels;
      });
    }
    return voxels;
  };
  return () => {
    if (ui.pending?.name !== "normal_bone" && !file.isStoring("normal_bone")) {
      const mark = String(file.now.revisions.normal_bone);
      if (kept.mark !== mark) Object.assign(kept, { mark, bars: barsOf(intensities()) });
      return { now: file.now, histogram: kept.bars };
    }
    const sorted = intensities();
    const now = { ...file.now, thresholds: null, volume: null, warnings: [], problem: null };
    now.normal_bone = { voxels: sorted.length, changed: 0 };
    try {
      now.thresholds = estimateThresholds(sorted);
      const voxels = voxelsLeft(now.thresholds.lower);
      now.volume = { voxels, mm3: voxels * file.meta.spacing_mm.reduce((product, mm) => product * mm, 1) };
    } catch (error) {
      now.problem = error.message;
    }
    return { now, histogram: barsOf(sorted) };
  };
}
