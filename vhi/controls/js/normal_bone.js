// Normal-bone lab: move or resize the area; quartiles and thresholds follow (steps i and ii).
//
// Model: data (see NormalBoneControl.data), slice, slices, radius_1_mm, radius_2_mm, and the
// centre's in-plane indices under their letters; in a notebook also whole {bone_above}.

import { decodeStack } from "./core.js";
import {
  RADIUS_STEP_MM,
  WITHIN_MM,
  areaSlices,
  brightestNearby,
  fitted,
  isHere,
  measureArea,
  nearestCentre,
  slicesHere,
} from "./area.js";
import { begin, element } from "./view.js";
import { areaPicture } from "./area_picture.js";
import { comparison, includedSpot, marrowChart, summary, warning } from "./area_numbers.js";
import { announcer, button, slider, switchBox } from "./inputs.js";
import { anew, settingsOn } from "./follow.js";

const render = anew(draw);

function draw({ model, el, look }) {
  const stack = decodeStack(model.get("data"));
  const names = Object.keys(stack.sliders);
  const withKernel = Boolean(model.get("whole"));
  const reach = withKernel ? [0, stack.scan_slices - 1] : slicesHere(stack);
  const settings = settingsOn(model, names, () => {
    take(settings.read());
    refresh();
  });
  const measured = (area) => {
    const bone_whole = model.get("whole")?.bone_above;
    return { ...measureArea(stack, area), bone_whole };
  };
  look.begun ??= settings.read();
  look.atFirst ??= measured(look.begun);
  look.slice ??= look.begun.slice;
  look.bone ??= stack.has_bone;
  const { begun, atFirst } = look;
  const live = announcer();
  const remark = element("p", { class: "vhi-remark" });
  let now = begun;
  let spot = null;

  // ------------------------------------------------------------------ what a reader moves
  const take = (area, takenIn = null) => {
    now = area;
    spot = takenIn;
    const [first, last] = areaSlices(now);
    look.slice = Math.min(Math.max(spot?.slice ?? look.slice, first), last);
  };
  const show = (area, takenIn) => {
    take(area, takenIn);
    settings.write(now);
    refresh();
  };
  const wanted = (moved) => fitted(stack, now, moved, reach);
  const move = (moved) => show(wanted(moved));
  const takeIn = () => {
    const bright = brightestNearby(stack, now);
    const centre = bright && nearestCentre(stack, now, bright);
    if (centre) {
      show({ ...now, ...centre }, bright);
      return;
    }
    remark.textContent = `No bone beside the area within ${WITHIN_MM} mm in the part shown.`;
    live.say(remark.textContent);
  };

  const picture = areaPicture(stack, move);
  const sliders = Object.fromEntries(
    names.map((name) => {
      const moves = (when) => (to) => {
        const area = wanted({ [name]: to });
        if (isHere(stack, area) === when.here) show(area);
      };
      // Slices that are not here are asked for when the slider rests.
      const heard = { onMove: moves({ here: true }), onRest: moves({ here: false }) };
      return [name, settingSlider(stack, name, { value: now[name], reach, ...heard })];
    }),
  );
  const [low, high] = slicesHere(stack);
  const shownSlice = slider({
    label: "Slice shown",
    low,
    high: Math.max(high, low + 1),
    value: look.slice,
    onMove: (slice) => {
      look.slice = Math.min(slice, high);
      refresh();
    },
  });

  // -------------------------------------------------------------------------- what follows
  const marrow = marrowChart(stack, atFirst);
  const numbers = comparison(stack, atFirst, withKernel);

  const refresh = () => {
    const result = measured(now);
    const trouble = result.problem ?? warning(stack, result);
    picture.refresh(now, look, result, spot);
    for (const name of names) sliders[name].set(now[name]);
    shownSlice.set(look.slice);
    marrow.refresh(result);
    numbers.refresh(result);
    const news = spot ? includedSpot(spot, atFirst, result) : "";
    remark.textContent = [news, trouble].filter(Boolean).join(" ");
    live.say(result.problem ?? `${summary(result)}. ${remark.textContent}`);
  };

  // -------------------------------------------------------------------------- put together
  const box = switchBox("bone above the thresholds", look.bone, (bone) => {
    look.bone = bone;
    refresh();
  });
  begin(el).append(
    element(
      "div",
      { class: "vhi-columns" },
      element(
        "div",
        { class: "vhi-wider" },
        picture.element,
        shownSlice.element,
        element(
          "div",
          { class: "vhi-row" },
          button("Include the brightest spot nearby", takeIn),
          button("Back to the start", () => show(begun)),
          ...(stack.has_bone ? [box.element] : []),
        ),
        remark,
      ),
      element("div", {}, marrow.element, numbers.element),
    ),
    element(
      "div",
      { class: "vhi-columns vhi-dense" },
      ...names.map((name) => sliders[name].element),
    ),
    element("p", { class: "vhi-note" }, note(stack, withKernel)),
    live.element,
  );

  const whole = settingsOn(model, ["whole"], () => refresh());
  take(settings.read());
  refresh();
  return () => {
    settings.leave();
    whole.leave();
  };
}

// ------------------------------------------------------------------------------------------ sliders

/** The slider of a setting, held to what is here. Centres go as the picture does, not the array. */
function settingSlider(stack, name, { reach, ...of }) {
  const [low, high] = stack.sliders[name];
  const [first, last] = reach;
  if (name === "slice") {
    const ends = { low: first, high: Math.max(last, first + 1) };
    return slider({ label: "Middle slice of the area", ...ends, ...of });
  }
  if (name === "slices") {
    return slider({ label: "Number of slices", low: 1, high: Math.max(last - first + 1, 2), ...of });
  }
  for (const [axis, way] of [[stack.across, "across"], [stack.down, "down"]]) {
    if (name === axis.radius) {
      const text = (mm) => `${mm} mm`;
      const words = `Radius ${way} (along ${axis.name})`;
      return slider({ label: words, low, high, step: RADIUS_STEP_MM, text, ...of });
    }
    if (name !== axis.name) continue;
    const place = (index) => axis.step * (index - axis.first);
    const index = (at) => axis.first + axis.step * at;
    const made = slider({
      label: `Centre ${way} (voxel ${name})`,
      low: 0,
      high: axis.count - 1,
      value: place(of.value),
      text: (at) => `${index(at)}`,
      onMove: (at) => of.onMove(index(at)),
      onRest: (at) => of.onRest(index(at)),
    });
    return { ...made, set: (to) => made.set(place(to)) };
  }
  throw new Error(`no slider for ${name}`);
}

// -------------------------------------------------------------------------------------------- words

function note({ slices, scan_slices, has_bone }, withKernel) {
  const colours = has_bone
    ? " Yellow and red: bone in this part at or above the lower and the upper threshold, specks "
      + "included."
    : "";
  const where = withKernel
    ? `any of the scan’s ${scan_slices} slices`
    : `${slices.length} of the scan’s ${scan_slices} slices`;
  return (
    "Drag the area or its two grips; arrow keys move the one in focus. It stays in the part that is "
    + `shown, on ${where}. In the histogram: blue, the middle half; lines, the thresholds; dashed, `
    + `the thresholds at first.${colours}`
  );
}

export default { render };
