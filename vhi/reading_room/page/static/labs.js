// The controls of the book, in a dialog, on the case being read.
//
// Offers: labDialog(screen) -> {element, open(name)}

import { areaPlane, areaSlices } from "/controls/area.js";
import { pageModel } from "/controls/page.js";
import { element } from "/controls/view.js";

import { areaChanges } from "./tools.js";

const NO_CHANGE = "This does not change the reading.";
const LABS = {
  thresholds: { title: "What if the thresholds were different?", about: () => NO_CHANGE },
  specks: { title: "What if more or fewer specks were removed?", about: () => NO_CHANGE },
  normal_bone: {
    title: "Normal bone: an ellipse with handles",
    about: ({ area_adds }) =>
      `Nothing changes until you use the area. It ${area_adds ? "is added to" : "replaces"} the current area.`,
  },
};

export function labDialog(screen) {
  const { file, ui } = screen;
  let model = null;
  let leave = () => {};
  const title = element("h2", { id: "lab" });
  const about = element("p");
  const use = element("button", { type: "button", click: () => useArea() }, "Use this area");
  const close = element("button", { type: "button", autofocus: "", click: () => dialog.close() }, "Close");
  const host = element("div");
  const dialog = element(
    "dialog",
    { class: "lab", "aria-labelledby": "lab" },
    element("div", { class: "head" }, title, about, element("div", { class: "row" }, use, close)),
    host,
  );
  dialog.addEventListener("close", () => {
    leave();
    host.replaceChildren();
  });

  /** Use the ellipse as normal bone, on whole slices: the control shows only a part of them. */
  const useArea = () => {
    const { across, down, sliders } = model.get("data");
    const now = Object.fromEntries(Object.keys(sliders).map((name) => [name, model.get(name)]));
    const whole = (axis) => ({ ...axis, first: axis.step < 0 ? axis.length - 1 : 0, count: axis.length });
    const { width, height } = file;
    const plane = areaPlane({ across: whole(across), down: whole(down), width, height }, now);
    const [first, last] = areaSlices(now);
    dialog.close();
    if (ui.slice < first || ui.slice > last) screen.goTo(now.slice);
    const planeOf = (slice) => (slice >= first && slice <= last ? plane : null);
    return screen.drawArea(areaChanges(file, planeOf, ui.area_adds));
  };

  const open = async (name) => {
    const lab = LABS[name];
    const requests = [import(`/controls/${name}.js`), file.lab(name, ui.slice)];
    const [control, state] = await Promise.all(requests).catch((error) => [screen.tell(error)]);
    if (!control || dialog.open) return;
    title.textContent = lab.title;
    about.textContent = lab.about(ui);
    use.hidden = name !== "normal_bone";
    model = pageModel(state);
    dialog.showModal();
    // After showing the dialog: drawing needs its size.
    leave = control.default.render({ model, el: host }) ?? (() => {});
  };
  return { element: dialog, open };
}
