// Normal-bone lab: move or resize the area; quartiles and thresholds follow (steps i and ii).
//
// Model: data (see NormalBoneControl.page_data), slice, slices, radius_1_mm, radius_2_mm, and the
// centre's in-plane indices under their letters.

import { decodeStack } from "./core.js";
import { areaSlices, brightestNearby, fitted, measureArea, nearestCentre } from "./area.js";
import { begin, element } from "./view.js";
import { areaPicture } from "./area_picture.js";
import { comparison, doubt, marrowChart, summary, taken } from "./area_numbers.js";
import { announcer, button, slider, switchBox } from "./inputs.js";

function render({ model, el }) {
  const stack = decodeStack(model.get("data"));
  const names = Object.keys(stack.sliders);
  const begun = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const atFirst = measureArea(stack, begun);
  const look = { slice: begun.slice, bone: stack.has_bone };
  const said = announcer();
  const remark = element("p", { class: "vhi-remark" });
  let now = begun;
  let spot = null;
  let moving = false;

  // ------------------------------------------------------------------ what a reader moves
  const show = (settings, takenIn = null) => {
    now = settings;
    spot = takenIn;
    const [first, last] = areaSlices(now);
    look.slice = Math.min(Math.max(spot?.slice ?? look.slice, first), last);
    moving = true;
    for (const name of names) model.set(name, now[name]);
    moving = false;
    model.save_changes();
    refresh();
  };
  const move = (moved) => show(fitted(stack, now, moved));
  const takeIn = () => {
    const found = brightestNearby(stack, now);
    const centre = found && nearestCentre(stack, now, found);
    if (centre) {
      show({ ...now, ...centre }, found);
      return;
    }
    remark.textContent = `Nothing to take in within ${stack.within_mm} mm, in the part shown.`;
    said.say(remark.textContent);
  };

  const picture = areaPicture(stack, move);
  const sliders = Object.fromEntries(
    names.map((name) => {
      const onMove = (to) => move({ [name]: to });
      return [name, settingSlider(stack, name, now[name], onMove)];
    }),
  );
  const here = stack.slices.map(({ index }) => index);
  const shownSlice = slider({
    label: "Slice shown",
    low: here[0],
    high: Math.max(here[here.length - 1], here[0] + 1),
    value: look.slice,
    onMove: (slice) => {
      look.slice = Math.min(slice, here[here.length - 1]);
      refresh();
    },
  });

  // -------------------------------------------------------------------------- what follows
  const marrow = marrowChart(stack, atFirst);
  const numbers = comparison(stack, atFirst);

  const refresh = () => {
    const found = measureArea(stack, now);
    const trouble = found.problem ?? doubt(stack, found);
    picture.refresh(now, look, found, spot);
    for (const name of names) sliders[name].set(now[name]);
    shownSlice.set(look.slice);
    marrow.refresh(found);
    numbers.refresh(found);
    const news = spot ? taken(spot, atFirst, found) : "";
    remark.textContent = [news, trouble].filter(Boolean).join(" ");
    said.say(found.problem ?? `${summary(found)}. ${remark.textContent}`);
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
          button("Take in the brightest spot nearby", takeIn),
          button("As it began", () => show(begun)),
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
    element("p", { class: "vhi-note" }, note(stack)),
    said.element,
  );

  const follow = () => {
    if (moving) return;
    now = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    spot = null;
    refresh();
  };
  for (const name of names) model.on(`change:${name}`, follow);
  refresh();
  return () => names.forEach((name) => model.off(`change:${name}`, follow));
}

// ------------------------------------------------------------------------------------------ sliders

/** The slider of a setting, held to what is here. Centres go as the picture does, not the array. */
function settingSlider(stack, name, value, onMove) {
  const { label, low, high, step } = stack.sliders[name];
  const here = stack.slices.map(({ index }) => index);
  const whole = { low: here[0], high: Math.max(here[here.length - 1], here[0] + 1), step: 1 };
  if (name === "slice") {
    return slider({ label: "Middle slice of the area", ...whole, value, onMove });
  }
  if (name === "slices") {
    return slider({ label, low: 1, high: Math.max(here.length, 2), value, onMove });
  }
  for (const [axis, way] of [[stack.across, "across"], [stack.down, "down"]]) {
    if (name === axis.radius) {
      const text = (mm) => `${mm} mm`;
      const words = `Radius ${way} (along ${axis.name})`;
      return slider({ label: words, low, high, step, value, text, onMove });
    }
    if (name !== axis.name) continue;
    const place = (index) => axis.step * (index - axis.first);
    const index = (at) => axis.first + axis.step * at;
    const made = slider({
      label: `Centre ${way} (voxel ${name})`,
      low: 0,
      high: axis.count - 1,
      value: place(value),
      text: (at) => `${index(at)}`,
      onMove: (at) => onMove(index(at)),
    });
    return { ...made, set: (to) => made.set(place(to)) };
  }
  throw new Error(`no slider for ${name}`);
}

// -------------------------------------------------------------------------------------------- words

function note({ slices, scan_slices, has_bone }) {
  const colours = has_bone
    ? " Yellow and red: bone in this part from the lower and from the upper threshold on, specks "
      + "included."
    : "";
  return (
    "Drag the area, or its two grips; arrow keys move what is chosen. It stays in the part that is "
    + `shown, on ${slices.length} of the scan’s ${scan_slices} slices. In the histogram: blue, `
    + `the middle half; lines, the thresholds; dashed, where they were at first.${colours}`
  );
}

export default { render };
