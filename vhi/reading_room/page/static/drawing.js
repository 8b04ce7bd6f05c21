// The content of the three pictures of a slice.
//
// Offers: PICTURES, PROPOSED, drawer(file, ui) -> draw(pictures), proposedInWords,
// removesSurely

import { BLUE, digits, outlinePath, RED, TURQUOISE, YELLOW } from "/controls/view.js";

import { rgba } from "./picture.js";

/** For each: name, heading, legend. */
export const PICTURES = [
  ["stir", "STIR", [["yellow", "≥ lower"], ["red", "≥ upper threshold"], ["removed", "removed"]]],
  ["t1w", "T1w", [["blue", "disease region"], ["turquoise", "normal bone"]]],
  ["result", "Result", [["yellow", "≥ lower"], ["red", "≥ upper threshold"]]],
];
/** Further legend of the STIR picture where a proposal is shown. */
export const PROPOSED = [["dimmed", "proposed for removal"], ["doubt", "in doubt"]];
const LILAC = "#c77dff"; // unlike every other colour here, and none in a scan is
const WHITE = "#fff";
const LIME = "#8cff66"; // in doubt
const DIMMED = 0.3; // of the opacity, for what is proposed for removal

export function drawer(file, ui) {
  const { meta, width, height } = file;
  const kept = {};
  /** The outline of a plane, traced again only when `mark` changes. */
  const traced = (name, mark, plane) => {
    if (kept[name]?.mark !== mark) kept[name] = { mark, path: new Path2D(outlinePath(plane(), width, height)) };
    return kept[name].path;
  };
  /** A mask of this slice, with the stroke that is being drawn. */
  const mask = (name) => file.shown(name, ui.slice, ui.pending);
  const grey = (name) => {
    const [low, high] = ui.windows[name];
    const { low: first, step } = meta.values[name];
    const codes = file.plane(name, ui.slice);
    const scale = 255 / (high - low);
    const shown = new Uint8ClampedArray(codes.length);
    for (let i = 0; i < codes.length; i += 1) shown[i] = (first + step * codes[i] - low) * scale;
    return shown;
  };
  /** Candidates in their colours; dimmed what is proposed for removal, where the picture shows it. */
  const colours = (dims) => {
    const shades = [1, DIMMED].map((part) => [0, YELLOW, RED].map((each) => each && rgba(each, part * ui.opacity)));
    const shadeOf = new Map();
    const shade = (id) => {
      if (!shadeOf.has(id)) shadeOf.set(id, shades[dims && removesSurely(file.proposedFor(id)) ? 1 : 0]);
      return shadeOf.get(id);
    };
    const labels = file.plane("labels", ui.slice);
    const regions = file.plane("regions", ui.slice);
    const shown = new Uint32Array(labels.length);
    for (let i = 0; i < labels.length; i += 1) {
      if (labels[i] && !file.removed.has(regions[i])) shown[i] = shade(regions[i])[labels[i]];
    }
    return shown;
  };
  const area = (name, colour) => {
    // While it is drawn, it changes with every move.
    const moves = ui.pending?.name === name || file.isStoring(name);
    const mark = moves ? {} : `${file.now.revisions[name][ui.slice]} ${ui.slice}`;
    return { path: traced(name, mark, () => mask(name)), colour, wide: ui.mode === name };
  };
  const regionsWhere = (holds) => file.plane("regions", ui.slice).map((id) => (holds(id) ? 1 : 0));

  /** The intensity and the region under the pointer. */
  const tipAt = (name) => {
    if (!ui.pointer) return "";
    const [x, y] = [ui.pointer.x, ui.pointer.y].map(Math.floor);
    if (x < 0 || y < 0 || x >= width || y >= height) return "";
    const value = file.value(name, file.plane(name, ui.slice)[y * width + x]);
    const row = file.table.get(ui.pointed);
    const region = row
      ? ` · region ${row.id}: ${row.voxels} pixels, mean ${digits(row.mean)}, maximum ${digits(row.peak)}${proposedInWords(file.proposedFor(row.id))}`
      : "";
    return `${digits(value)}${region}`;
  };

  return (pictures) => {
    const at = ui.slice;
    const revision = file.now.revisions.regions[at];
    const isRemoved = (id) => file.removed.has(id);
    const removed = {
      path: traced("removed", `${file.now.known} ${at}`, () => regionsWhere(isRemoved)),
      colour: LILAC,
    };
    const inDoubt = {
      path: traced("doubt", `${file.now.known} ${at}`, () => regionsWhere((id) => file.proposedFor(id)?.doubt)),
      colour: LIME,
    };
    const areas = [area("disease_region", BLUE), area("normal_bone", TURQUOISE)];
    const [chosen, target] = [ui.chosen, ui.pointed || ui.chosen].map((id) => file.table.get(id));
    const over = [];
    if (target?.slice === at) {
      const path = traced("focus", `${target.id} ${revision} ${at}`, () => regionsWhere((id) => id === target.id));
      over.push({ path, colour: WHITE, wide: true });
    }
    if (ui.ink) over.push({ path: pathOf(ui.ink), colour: WHITE });
    const ring = chosen?.slice === at ? { x: chosen.point[2] + 0.5, y: chosen.point[1] + 0.5 } : null;

    const drawnAreas = ui.mode === "cleaning" ? [] : areas;
    const candidates = (dims) => (ui.overlay ? colours(dims) : null);
    const marks = ui.overlay ? [removed, ...(meta.proposal ? [inDoubt] : [])] : [];
    const stir = grey("stir");
    const shows = [
      { grey: stir, colours: candidates(meta.proposal), outlines: [...drawnAreas, ...marks, ...over] },
      { grey: grey("t1w"), colours: null, outlines: [...(ui.overlay ? areas : drawnAreas), ...over] },
      { grey: stir, colours: candidates(false), outlines: over },
    ];
    const words = `slice ${at}, ${chosen?.slice === at ? `region ${chosen.id} selected` : "no region selected"}`;
    const where = `${position(meta, at)} · slice ${at} (0 to ${file.slices - 1})`;
    pictures.forEach((each, i) => {
      // The picture under the pointer or cursor shows the tip; the other two show a cross, and a
      // cursor's own picture too.
      const isUnder = i === ui.under;
      const cross = isUnder && !ui.keyed ? null : ui.pointer;
      const tip = isUnder ? tipAt(i === 1 ? "t1w" : "stir") : "";
      each.draw({ ...shows[i], view: ui.view, cross, ring, where, tip, text: words });
    });
    if (ring) {
      const on = pictures[0].clientAt({ x: chosen.point[2], y: chosen.point[1] });
      pictures[0].canvas.dataset.chosen = `${on.x.toFixed(1)} ${on.y.toFixed(1)}`;
    }
  };
}

function pathOf({ points, closed }) {
  const path = new Path2D();
  points.forEach(({ x, y }, i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  if (closed) path.closePath();
  return path;
}

/** What is proposed, as it follows on a region's name. */
export function proposedInWords(proposal) {
  if (!proposal) return "";
  if (proposal.doubt) return " · in doubt";
  return proposal.removes ? ` · proposed for removal (${proposal.reason})` : " · proposed to keep";
}

/** Whether a model is sure that a reader removes a region. */
export const removesSurely = (proposal) => Boolean(proposal?.removes && !proposal.doubt);

/** A slice's position as radiologists write it: "A 23.4 mm". */
function position({ positions_mm, position_letters }, slice) {
  const mm = positions_mm[slice];
  return `${position_letters[mm < 0 ? 0 : 1]} ${Math.abs(mm).toFixed(1)} mm`;
}
