// The screen of one case: three pictures of one slice, and everything a reader does to it.
//
// Offers: readingScreen

import { announcer } from "/widgets/inputs.js";
import { element } from "/widgets/view.js";

import { bar } from "./bar.js";
import { openCase } from "./casefile.js";
import { clock } from "./clock.js";
import { cursorOn } from "./cursor.js";
import { drawer, PICTURES } from "./drawing.js";
import { helpDialog, keyboard } from "./keys.js";
import { labDialog } from "./labs.js";
import { numbersOf } from "./numbers.js";
import { MODES, panels } from "./panels.js";
import { picture } from "./picture.js";
import { pointerOn } from "./pointer.js";
import { HANDS, strokesOn, TOOLS } from "./tools.js";

const AGAIN = ["visibilitychange", "focus"]; // what others did meanwhile is asked for
const SCOPES = ["region", "lesion"];
const contrastOf = (picture) => (PICTURES[picture][0] === "t1w" ? "t1w" : "stir");

/** Open a case. Gives {element, start(), leave()}. */
export async function readingScreen(row, { tell, said }) {
  const opened = performance.now();
  const file = await openCase(row.id);
  const { meta, width, height } = file;
  const [top, bottom, left, right] = meta.box;
  meta.pixel_mm = meta.spacing_mm.slice(1);

  const bone = () => ({
    zoom: Math.min(width / (right - left), height / (bottom - top)),
    x: (left + right) / 2,
    y: (top + bottom) / 2,
  });
  const whole = { zoom: 1, x: width / 2, y: height / 2 };
  const ui = {
    slice: file.order.length ? file.table.get(file.order[0]).slice : Math.floor(file.slices / 2),
    view: bone(),
    windows: structuredClone(meta.window),
    overlay: true,
    opacity: 0.7,
    mode: "cleaning",
    tool: "pick",
    scope: "region",
    reason: "",
    chosen: 0, // the region gone to by key
    chosenAt: null, // a voxel of it: its number changes when regions are cut, or others follow
    pointed: 0, // the region under the pointer
    pointer: null,
    under: 0, // the picture that it is on
    keyed: false, // it is the cursor of the keys
    cursor: null, // where that was left
    drawing: null, // the strokes of the picture on which one is being drawn
    large: -1,
    brush_mm: 4,
    area_slices: 4,
    area_adds: false,
    ink: null,
    pending: null, // the area being drawn: {name, changes by slice}
  };

  let due = 0;
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

  const changed = () => {
    if (ui.chosen) ui.chosen = regionOf(ui.chosenAt);
    if (ui.pointer) ui.pointed = file.regionAt(ui.slice, Math.floor(ui.pointer.x), Math.floor(ui.pointer.y));
    panel.refresh();
    panel.region(ui.pointed || ui.chosen);
    sayPlace();
    draw();
  };
  const sayPlace = () => ui.keyed && ui.pointer && place.say(placeInWords(file, ui));
  let underWay = 0;
  let failures = 0;
  /** Wait until something is stored, and say what became of it. Gives false where it failed. */
  const stored = async (kind, work) => {
    const start = performance.now();
    const known = failures;
    underWay += 1;
    said("Saving …");
    try {
      const any = await work;
      measured("vhi-action", start, kind);
      // What went wrong meanwhile is still to be read.
      if (known === failures) tell(null);
      if (underWay === 1) said(any ? "Saved" : "");
      return true;
    } catch (error) {
      failures += 1;
      tell(error);
      return false;
    } finally {
      underWay -= 1;
      panel.refreshNumbers();
      redraw();
    }
  };
  const act = (kind, payloadNow) => stored(kind, file.act(kind, payloadNow));
  const point = (id) => file.table.get(id).point;
  const regionOf = ([slice, y, x]) => file.regionAt(slice, x, y);
  /**
   * Remove or restore regions in one action, as `actionNow(points)` says when its turn comes; those
   * that are so already are left alone. With the scope lesion their whole lesions.
   */
  const edit = (ids, actionNow) => {
    const { scope, reason } = ui;
    const points = ids.map(point);
    return act("edit", () => {
      const action = actionNow(points);
      const removes = action === "remove";
      const there = points.filter((each) => regionOf(each) && file.removed.has(regionOf(each)) !== removes);
      return there.length ? { action, scope, points: there, reason: removes ? reason : "" } : null;
    });
  };
  const isSeen = (id) => !id || file.reviewed.has(id);
  const toggle = (id) => edit([id], ([at]) => (file.removed.has(regionOf(at)) ? "restore" : "remove"));

  const goTo = (slice) => {
    if (ui.drawing) return;
    ui.slice = Math.min(Math.max(slice, 0), file.slices - 1);
    if (ui.pointer) ui.pointed = file.regionAt(ui.slice, Math.floor(ui.pointer.x), Math.floor(ui.pointer.y));
    panel.refreshList();
    panel.region(ui.pointed || ui.chosen);
    sayPlace();
    redraw();
  };
  /** Move the view where a pixel lies outside it. */
  const bringIn = ({ x, y }) => {
    const half = { x: width / ui.view.zoom / 2, y: height / ui.view.zoom / 2 };
    if (Math.abs(x - ui.view.x) <= 0.9 * half.x && Math.abs(y - ui.view.y) <= 0.9 * half.y) return;
    ui.view = { ...ui.view, x, y };
  };
  const choose = (id) => {
    ui.chosen = id;
    ui.chosenAt = point(id);
    ui.pointed = 0;
    ui.pointer = null;
    ui.cursor = null;
    const { slice, point: [, y, x] } = file.table.get(id);
    bringIn({ x, y });
    goTo(slice);
  };
  /** The slice on which most of an area lies; the one shown where there is none. */
  const fullest = (name) => {
    const sizes = Array.from({ length: file.slices }, (_, slice) => file.plane(name, slice).reduce((sum, yes) => sum + yes, 0));
    const most = Math.max(...sizes);
    return most ? sizes.indexOf(most) : ui.slice;
  };
  let rolled = 0;
  const marking = new Set(); // regions whose mark as seen is on its way to the store

  const screen = {
    file,
    ui,
    redraw,
    act,
    tell,
    numbersNow: numbersOf(file, ui),
    drawArea: (drawing) => stored(drawing.name, file.draw(drawing)),
    lab: (name) => labs.open(name),
    wheel: (delta) => {
      // A touch pad sends many small steps.
      rolled += delta;
      if (Math.abs(rolled) < 40) return;
      screen.step(Math.sign(rolled));
      rolled = 0;
    },
    goTo,
    step: (by) => goTo(ui.slice + by),
    hover: (at, keyed, index) => {
      ui.pointer = at;
      ui.keyed = Boolean(keyed);
      ui.under = index;
      if (keyed) {
        bringIn(at);
        sayPlace();
      }
      const id = at ? file.regionAt(ui.slice, Math.floor(at.x), Math.floor(at.y)) : 0;
      if (id !== ui.pointed) {
        ui.pointed = id;
        panel.region(id || ui.chosen);
      }
      redraw();
    },
    choose,
    toggle: () => {
      const id = ui.pointed || ui.chosen;
      if (id) toggle(id);
    },
    toggleAt: (at) => {
      const id = file.regionAt(ui.slice, Math.floor(at.x), Math.floor(at.y));
      if (!id) return;
      ui.chosen = id;
      ui.chosenAt = point(id);
      toggle(id);
    },
    remove: (ids, restore) => edit(ids, () => (restore ? "restore" : "remove")),
    cut: (line) => {
      const hits = new Map();
      line.slice(1).forEach((b, n) => {
        const a = line[n];
        const steps = Math.ceil(4 * Math.hypot(b.x - a.x, b.y - a.y)) + 1;
        for (let i = 0; i <= steps; i += 1) {
          const [x, y] = [a.x + ((b.x - a.x) * i) / steps, a.y + ((b.y - a.y) * i) / steps].map(Math.floor);
          const id = file.regionAt(ui.slice, x, y);
          if (id) hits.set(id, (hits.get(id) ?? 0) + 1);
        }
      });
      if (!hits.size) return tell(new Error("The line crosses no region; draw it right across one."));
      const [id] = [...hits].sort((a, b) => b[1] - a[1])[0];
      const at = file.plane("regions", ui.slice).indexOf(id);
      const where = [ui.slice, Math.floor(at / width), at % width];
      const pixels = line.map(({ x, y }) => [Math.floor(y), Math.floor(x)]);
      return act("edit", () => ({ action: "cut", points: [where], line: pixels, reason: "" }));
    },
    next: async () => {
      const now = ui.chosen;
      const start = file.order.indexOf(now) + 1;
      const after = [...file.order.slice(start), ...file.order.slice(0, start)];
      const found = after.find((id) => id !== now && !file.reviewed.has(id) && !marking.has(id));
      // On at once: a key that follows is meant for the region that is shown then.
      const at = ui.chosenAt;
      if (found) choose(found);
      if (now && !file.reviewed.has(now) && !marking.has(now)) {
        marking.add(now);
        const marked = await act("reviewed", () => (isSeen(regionOf(at)) ? null : { points: [at], reviewed: true }));
        marking.delete(now);
        if (!marked) return;
      }
      if (!found) said(file.order.length ? "Every region is seen" : "There is no region");
    },
    previous: () => {
      const before = file.order.indexOf(ui.chosen) - 1;
      if (before >= 0) choose(file.order[before]);
    },
    undo: () => act("undo", () => file.now.undo && {}),
    redo: () => act("redo", () => file.now.redo && {}),
    mode: (name) => {
      const all = Object.keys(MODES);
      ui.mode = name ?? all[(all.indexOf(ui.mode) + 1) % all.length];
      ui.tool = TOOLS[ui.mode][0][0];
      if (ui.mode !== "cleaning" && !file.plane(ui.mode, ui.slice).includes(1)) goTo(fullest(ui.mode));
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
    overlay: () => {
      ui.overlay = !ui.overlay;
      redraw();
    },
    zoom: (by, about = { x: ui.view.x, y: ui.view.y }) => {
      const zoom = Math.min(Math.max(ui.view.zoom * by, 0.5), 40);
      const part = ui.view.zoom / zoom;
      ui.view = { zoom, x: about.x + (ui.view.x - about.x) * part, y: about.y + (ui.view.y - about.y) * part };
      redraw();
    },
    fit: () => {
      const first = bone();
      const there = Object.keys(first).every((name) => first[name] === ui.view[name]);
      ui.view = there ? { ...whole } : first;
      redraw();
    },
    windows: () => {
      ui.windows = structuredClone(meta.window);
      redraw();
    },
    large: () => {
      ui.large = ui.large === PICTURES.length - 1 ? -1 : ui.large + 1;
      pictures.forEach((each, i) => (each.element.hidden = ui.large >= 0 && i !== ui.large));
      screens.classList.toggle("one", ui.large >= 0);
    },
    help: () => help.showModal(),
    preview: () => panel.refreshNumbers(),
    finish: () => {
      const state = file.now.state === "done" ? "in progress" : "done"; // as the button says
      return act("state", () => ({ state }));
    },
    exportResult: async () => {
      panel.exported("Writing the result …", true);
      try {
        const { folder } = await file.exportResult();
        panel.exported(`Written to ${folder}`);
      } catch (error) {
        panel.exported("");
        tell(error);
      }
    },
  };

  // --------------------------------------------------------------------------------- the elements

  const pictures = PICTURES.map(([, name, legend]) =>
    picture({ name, legend, width, height, pixel_mm: meta.pixel_mm, letters: meta.letters, onSize: redraw }),
  );
  pictures.forEach((each, i) => {
    const there = { ...screen, hover: (at, keyed) => screen.hover(at, keyed, i) };
    const strokes = strokesOn(each, contrastOf(i), there);
    pointerOn(each, strokes, there);
    cursorOn(each, strokes, there);
  });
  const screens = element("div", { class: "screens" }, ...pictures.map((each) => each.element));
  const above = bar(screen);
  const panel = panels(screen);
  const help = helpDialog();
  const labs = labDialog(screen);
  const place = announcer();
  const title = element("h2", { class: "unseen" }, `Case ${meta.case} ${meta.visit}`.trim());
  const assumed = meta.oriented ? [] : [element("p", { class: "notes" }, "The scan stores no orientation: left and right are assumed.")];

  const toolKeys = () => Object.fromEntries([...TOOLS[ui.mode], ...HANDS].map(([name, , key]) => [key, name]));
  let stopKeys = () => {};
  let time = null;
  const focused = () => document.visibilityState === "visible" && file.catchUp().catch(tell);
  return {
    element: element("div", { class: "reading", "data-case": row.id }, title, ...assumed, above.element, screens, panel.element, place.element, help, labs.element),
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

/** Tell those who observe this page how long something took; a day's actions are not kept. */
function measured(name, start, detail) {
  performance.measure(name, { start, detail });
  performance.clearMeasures(name);
}

/** The cursor's place, for those who do not see it. */
function placeInWords(file, ui) {
  const [column, row] = [ui.pointer.x, ui.pointer.y].map(Math.floor);
  const contrast = contrastOf(ui.under);
  const value = file.value(contrast, file.plane(contrast, ui.slice)[row * file.width + column]);
  const id = file.regionAt(ui.slice, column, row);
  const region = file.table.has(id) ? `region ${id}, ${file.stateOf(id)}` : "no region";
  const doing = ui.drawing ? "drawing, " : "";
  return `${doing}slice ${ui.slice}, row ${row}, column ${column}, intensity ${Math.round(value)}, ${region}`;
}
