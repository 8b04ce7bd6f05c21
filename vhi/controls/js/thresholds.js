// Threshold lab: move n or either threshold; candidates, volume and curve follow (step ii).
//
// Model: data (see ThresholdControl.data), slice, multiple, lower, upper; in a notebook also
// whole {voxels}.

import { countLabels, decodeStack, keptLabels, moveThresholds } from "./core.js";
import { RED, YELLOW, begin, counted, digits, element, greyOf, sliceView, withUnit } from "./view.js";
import { announcer, button, choice, readings, slider, switchBox } from "./inputs.js";
import { anew, nearestSlice, settingsOn, sliceSlider } from "./follow.js";
import { limits, marrowChart, these, volumeCurve } from "./threshold_charts.js";

const SETTINGS = ["slice", "multiple", "lower", "upper"];

const render = anew(draw);

function draw({ model, el, look }) {
  const stack = decodeStack(model.get("data"));
  const { rule } = stack;
  const picture = sliceView(stack);
  const live = announcer();
  look.contrast ??= "stir";
  look.candidates ??= true;
  const settings = settingsOn(model, SETTINGS, () => {
    now = settings.read();
    refresh();
  });
  let now = settings.read();

  // ------------------------------------------------------------------ what a reader moves
  const show = (moved) => {
    now = moved;
    settings.write(now);
    refresh();
  };
  const move = (moved) => show({ ...now, ...moveThresholds(rule, now, moved) });
  const toRule = () => show({ ...now, ...part(rule, ["multiple", "lower", "upper"]) });

  const inputs = {
    multiple: slider({
      ...limits(stack, "multiple"),
      label: "Multiple n of the IQR",
      value: now.multiple,
      text: (n) => n.toFixed(2),
      mark: { value: rule.multiple, text: "▲ rule" },
      onMove: (multiple) => move({ multiple }),
    }),
    lower: slider({
      ...limits(stack, "lower"),
      label: "Lower threshold (intensity)",
      value: now.lower,
      text: (value) => digits(value),
      onMove: (lower) => move({ lower }),
    }),
    upper: slider({
      ...limits(stack, "upper"),
      label: "Upper threshold (intensity)",
      value: now.upper,
      text: (value) => digits(value),
      onMove: (upper) => move({ upper }),
    }),
  };
  const slices = sliceSlider(model, stack, (slice) => show({ ...now, slice }));

  // -------------------------------------------------------------------------- what follows
  const marrow = marrowChart(stack, (moved) => move(moved));
  const curve = volumeCurve(stack);
  const withKernel = Boolean(model.get("whole"));
  const numbers = readings({
    lower: "At or above the lower threshold",
    upper: "At or above the upper threshold",
    ...(withKernel ? { whole: "Whole scan, at or above the lower" } : {}),
  });
  const showWhole = () => {
    if (!withKernel) return;
    const { voxels } = model.get("whole");
    numbers.set("whole", withUnit(voxels, stack.voxel_mm3), voxels);
  };
  const whole = settingsOn(model, ["whole"], showWhole);

  const drawSlice = (kept) => {
    const at = nearestSlice(stack, now.slice);
    const slice = stack.slices[at];
    picture.draw({
      grey: greyOf(stack, slice, look.contrast),
      layers: look.candidates ? [{ plane: kept[at], colours: { 1: YELLOW, 2: RED } }] : [],
      text: `${look.contrast === "t1w" ? "T1w" : "STIR"} slice ${slice.index}, candidates marked: `
        + `${counted(countLabels([kept[at]]).voxels)} pixels`,
    });
  };
  const refresh = () => {
    const kept = keptLabels(stack, now);
    const { voxels, voxels_upper } = countLabels(kept);
    drawSlice(kept);
    for (const [name, input] of Object.entries(inputs)) input.set(now[name]);
    slices.set(now.slice);
    marrow.refresh(now);
    curve.refresh(now, voxels);
    numbers.set("lower", withUnit(voxels, stack.voxel_mm3), voxels);
    numbers.set("upper", withUnit(voxels_upper, stack.voxel_mm3), voxels_upper);
    live.say(
      `n ${now.multiple.toFixed(2)}, lower threshold ${digits(now.lower)}, upper `
        + `${digits(now.upper)}: ${withUnit(voxels, stack.voxel_mm3)}`,
    );
  };

  // -------------------------------------------------------------------------- put together
  const contrasts = [["stir", "STIR"], ["t1w", "T1w"]];
  const see = (changed) => {
    Object.assign(look, changed);
    drawSlice(keptLabels(stack, now));
  };
  const frame = begin(el);
  const boxes = element("div", { class: "vhi-row" });
  if (stack.slices[0].t1w) {
    boxes.append(choice("Scan", contrasts, look.contrast, (contrast) => see({ contrast })).element);
  }
  boxes.append(switchBox("candidates", look.candidates, (candidates) => see({ candidates })).element);
  const columns = (...parts) => element("div", { class: "vhi-columns" }, ...parts);
  frame.append(
    picture.element,
    columns(slices.element, boxes),
    columns(
      element(
        "div",
        {},
        inputs.multiple.element,
        inputs.lower.element,
        inputs.upper.element,
        element("div", { class: "vhi-row" }, button("Back to the paper’s rule", toRule)),
        numbers.element,
        element("p", { class: "vhi-note" }, note(stack)),
      ),
      element("div", {}, marrow.element, curve.element),
    ),
    live.element,
  );

  refresh();
  showWhole();
  return () => {
    settings.leave();
    whole.leave();
  };
}

function part(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

function note(stack) {
  const { voxels, slices } = stack.whole;
  return (
    `In ${these(stack)} of the scan’s ${slices}, before cleaning; the whole scan has `
    + `${withUnit(voxels, stack.voxel_mm3)} by the rule. Yellow: at or above the lower threshold; `
    + "red: at or above the upper one. Dashed: the paper’s rule."
  );
}

export default { render };
