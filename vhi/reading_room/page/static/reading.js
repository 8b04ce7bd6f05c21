// The screen of one case: three pictures of one slice, and all actions on it.
//
// Offers: readingScreen

import { announcer } from "/controls/inputs.js";
import { digits, element } from "/controls/view.js";

import { bar } from "./bar.js";
import { openCase } from "./casefile.js";
import { clock } from "./clock.js";
import { cursorOn } from "./cursor.js";
import { drawer, PICTURES, PROPOSED } from "./drawing.js";
import { judging } from "./judging.js";
import { helpDialog, keyboard } from "./keys.js";
import { labDialog } from "./labs.js";
import { boneView, looking } from "./looking.js";
import { numbersOf } from "./numbers.js";
import { MODES, panels } from "./panels.js";
import { picture } from "./picture.js";
import { pointerOn } from "./pointer.js";
import { measured, saving } from "./saving.js";
import { HANDS, strokesOn, TOOLS } from "./tools.js";

const AGAIN = ["visibilitychange", "focus"]; // ask for actions of other windows
const SCOPES = ["region", "lesion"];
const contrastOf = (picture) => (PICTURES[picture][0] === "t1w" ? "t1w" : "stir");

/** Open a case. Returns {element, start(), leave()}. */
export async function readingScreen(row, { tell, showStatus }) {
  const opened = performance.now();
  const file = await openCase(row.id);
  const { meta, width, height } = file;
  meta.pixel_mm = meta.spacing_mm.slice(1);

  const ui = {
    slice: file.order.length ? file.table.get(file.order[0]).slice : Math.floor(file.slices / 2),
    view: boneView(file),
    windows: structuredClone(meta.window),
    overlay: true,
    opacity: 0.7,
    mode: "cleaning",
    tool: "pick",
    scope: "region",
    reason: "",
    chosen: 0, // the region gone to by key
    chosenAt: null, // a voxel of it: its number may change
    pointed: 0, // the region under the pointer
    pointer: null,
    under: 0, // the picture under the pointer
    keyed: false, // whether the pointer is the cursor of the keys
    cursor: null, // last place of the cursor
    drawing: null, // the strokes of the picture that is drawn on
    large: -1,
    brush_mm: 4,
    area_slices: 4,
    area_adds: false,
    ink: null,
    pending: null, // the area being drawn: {name, changes by slice}
  };

  let due = 0;
  let previewing = 0;
  const drawOn = drawer(file, ui);
  const draw = () => {
    above.refresh();
    drawOn(pictures);
  };
  const redraw = () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      draw();
    });
  };

  // ------------------------------------------------------------------------------------ actions

  const refreshPlace = () => {
    panel.region(ui.pointed || ui.chosen);
    if (ui.keyed && ui.pointer) place.say(placeInWords(file, ui));
  };
  const moved = () => {
    panel.refreshList();
    refreshPlace();
  };
  const look = looking(file, ui, { moved, redraw });
  const changed = () => {
    if (ui.chosen) ui.chosen = file.regionOf(ui.chosenAt);
    ui.pointed = look.under(ui.pointer);
    panel.refresh();
    refreshPlace();
    draw();
  };
  const stored = saving(showStatus, tell, () => {
    panel.refreshNumbers();
    redraw();
  });
  /** Perform an action; `payloadNow` gives its payload when its turn comes. */
  const act = (kind, payloadNow) => stored(kind, file.act(kind, payloadNow));

  const screen = {
    ...look,
    ...judging(file, ui, { act, look, showStatus, tell }),
    file,
    ui,
    redraw,
    act,
    tell,
    numbersNow: numbersOf(file, ui),
    drawArea: (drawing) => stored(drawing.name, file.draw(drawing)),
    lab: (name) => labs.open(name),
    hover: (at, keyed, index) => {
      ui.pointer = at;
      ui.keyed = Boolean(keyed);
      ui.under = index;
      if (keyed) look.bringIn(at);
      const before = ui.pointed;
      ui.pointed = look.under(at);
      if (keyed || ui.pointed !== before) refreshPlace();
      redraw();
    },
    mode: (name) => {
      const all = Object.keys(MODES);
      ui.mode = name ?? all[(all.indexOf(ui.mode) + 1) % all.length];
      const tools = TOOLS[ui.mode].map(([tool]) => tool);
      // An empty area cannot be moved.
      ui.tool = tools.find((tool) => tool !== "move" || file.now.normal_bone.voxels > 0);
      if (ui.mode !== "cleaning" && !file.plane(ui.mode, ui.slice).includes(1)) look.goTo(look.fullest(ui.mode));
      panel.refreshTools();
      redraw();
    },
    tool: (name) => {
      ui.tool = name;
      panel.refreshTools();
    },
    scope: (name) => {
      ui.scope = name ?? SCOPES[1 - SCOPES.indexOf(ui.scope)];
      panel.refreshTools();
    },
    setReason: (name) => {
      ui.reason = name;
    },
    reason: (number) => {
      ui.reason = number ? (meta.reasons[number - 1] ?? "") : "";
      panel.refreshTools();
    },
    large: () => {
      ui.large = ui.large === PICTURES.length - 1 ? -1 : ui.large + 1;
      pictures.forEach((each, i) => (each.element.hidden = ui.large >= 0 && i !== ui.large));
      screens.classList.toggle("one", ui.large >= 0);
    },
    help: () => help.showModal(),
    preview: () => {
      previewing ||= requestAnimationFrame(() => {
        previewing = 0;
        panel.refreshNumbers();
      });
    },
    finish: () => {
      const state = file.now.state === "done" ? "in progress" : "done"; // as on the button
      return act("state", () => ({ state }));
    },
    exportResult: async () => {
      panel.exported("Writing the result …", true);
      try {
        const { folder } = await file.exportResult();
        panel.exported(`Written to ${folder} (${panel.seen()})`);
      } catch (error) {
        panel.exported("");
        tell(error);
      }
    },
  };

  // --------------------------------------------------------------------------------- the elements

  const pictures = PICTURES.map(([contrast, name, keys]) => {
    const legend = contrast === "stir" && meta.proposal ? [...keys, ...PROPOSED] : keys;
    return picture({ name, legend, width, height, pixel_mm: meta.pixel_mm, letters: meta.letters, onSize: redraw });
  });
  pictures.forEach((each, i) => {
    const ownScreen = { ...screen, hover: (at, keyed) => screen.hover(at, keyed, i) };
    const strokes = strokesOn(each, contrastOf(i), ownScreen);
    pointerOn(each, strokes, ownScreen);
    cursorOn(each, strokes, ownScreen);
  });
  const screens = element("div", { class: "screens" }, ...pictures.map((each) => each.element));
  const above = bar(screen);
  const panel = panels(screen);
  const help = helpDialog();
  const labs = labDialog(screen);
  const place = announcer();
  const title = element("h2", { class: "unseen" }, `Case ${meta.case} ${meta.visit}`.trim());

  const toolKeys = () => Object.fromEntries([...TOOLS[ui.mode], ...HANDS].map(([name, , key]) => [key, name]));
  let stopKeys = () => {};
  let time = null;
  const focused = () => document.visibilityState === "visible" && file.catchUp().catch(tell);
  return {
    element: element("div", { class: `reading${meta.proposal ? " proposal" : ""}`, "data-case": row.id }, title, above.element, screens, panel.element, place.element, help, labs.element),
    start: () => {
      stopKeys = keyboard(screen, toolKeys);
      time = clock(file.spend);
      for (const name of AGAIN) addEventListener(name, focused);
      file.follow(changed);
      panel.refresh();
      panel.region(0);
      draw();
      measured("vhi-open", opened);
    },
    leave: async () => {
      stopKeys();
      for (const name of AGAIN) removeEventListener(name, focused);
      file.close();
      await time?.stop();
    },
  };
}

/** The cursor's place, for screen readers. */
function placeInWords(file, ui) {
  const [column, row] = [ui.pointer.x, ui.pointer.y].map(Math.floor);
  const contrast = contrastOf(ui.under);
  const value = file.value(contrast, file.plane(contrast, ui.slice)[row * file.width + column]);
  const id = file.regionAt(ui.slice, column, row);
  const region = file.table.has(id) ? `region ${id}, ${file.stateOf(id)}` : "no region";
  const doing = ui.drawing ? "drawing, " : "";
  return `${doing}slice ${ui.slice}, row ${row}, column ${column}, intensity ${digits(value)}, ${region}`;
}
