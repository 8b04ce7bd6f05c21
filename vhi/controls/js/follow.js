// What a control shares with its model: settings that both can move, data that a kernel can change.
//
// Offers: settingsOn, anew, nearestSlice, sliceSlider
//
// A model that has `whole` has a kernel behind it. `whole` holds counts in the whole scan, by name;
// when the settings ask for slices that the data lack, the kernel sends other data.

import { slider } from "./inputs.js";

/** Settings by their names: {read, write, leave}. `follow` is called when others changed one. */
export function settingsOn(model, names, follow) {
  let writing = false;
  const heard = () => {
    if (!writing) follow();
  };
  for (const name of names) model.on(`change:${name}`, heard);
  return {
    read: () => Object.fromEntries(names.map((name) => [name, model.get(name)])),
    write: (settings) => {
      writing = true;
      for (const name of names) model.set(name, settings[name]);
      writing = false;
      model.save_changes();
    },
    leave: () => names.forEach((name) => model.off(`change:${name}`, heard)),
  };
}

/**
 * A render that draws anew when other data come. `draw({model, el, look})` gives what undoes it;
 * in `look` it keeps what is no setting and shall stay: a contrast, a zoom.
 */
export function anew(draw) {
  return ({ model, el }) => {
    const look = {};
    let leave = draw({ model, el, look });
    const again = () => {
      const { activeElement } = el.getRootNode();
      const focused = el.contains(activeElement) && activeElement.getAttribute("aria-label");
      leave();
      leave = draw({ model, el, look });
      const labelled = [...el.querySelectorAll("[aria-label]")];
      const same = focused && labelled.find((part) => part.getAttribute("aria-label") === focused);
      if (same) same.focus({ preventScroll: true });
    };
    model.on("change:data", again);
    return () => {
      model.off("change:data", again);
      leave();
    };
  };
}

/** Place of a slice among those that are here; of the nearest one until the kernel sent it. */
export function nearestSlice({ slices }, index) {
  const away = slices.map((slice) => Math.abs(slice.index - index));
  return away.indexOf(Math.min(...away));
}

/** A slider over the slices that are here; with a kernel, which is asked at rest, over them all. */
export function sliceSlider(model, stack, onMove) {
  const here = stack.slices.map(({ index }) => index);
  const all = model.get("whole") ? [...Array(stack.whole.slices).keys()] : here;
  const last = all.length - 1;
  const at = (place) => all[Math.min(place, last)];
  const made = slider({
    label: "Slice",
    low: 0,
    high: Math.max(last, 1),
    value: 0,
    text: (place) => `${at(place)}`,
    onMove: (place) => here.includes(at(place)) && onMove(at(place)),
    onRest: (place) => here.includes(at(place)) || onMove(at(place)),
  });
  const set = (index) => made.set(Math.max(all.indexOf(index), 0));
  return { element: last ? made.element : "", set };
}
