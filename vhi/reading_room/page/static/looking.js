// The view: slice, place, zoom, windows, colours.
//
// Offers: boneView, looking(file, ui, {moved, redraw})

const WHEEL_STEP = 40; // a touch pad sends many small steps

/** The view that bone fills. */
export function boneView({ meta, width, height }) {
  const [top, bottom, left, right] = meta.box;
  return {
    zoom: Math.min(width / (right - left), height / (bottom - top)),
    x: (left + right) / 2,
    y: (top + bottom) / 2,
  };
}

/** Functions that change slice and view. `moved` is called when the place changes. */
export function looking(file, ui, { moved, redraw }) {
  const { meta, width, height } = file;
  const whole = { zoom: 1, x: width / 2, y: height / 2 };
  let rolled = 0;

  const under = (at) => (at ? file.regionAt(ui.slice, Math.floor(at.x), Math.floor(at.y)) : 0);
  const goTo = (slice) => {
    if (ui.drawing) return;
    ui.slice = Math.min(Math.max(slice, 0), file.slices - 1);
    ui.pointed = under(ui.pointer);
    moved();
    redraw();
  };
  /** Move the view if a pixel lies outside it. */
  const bringIn = ({ x, y }) => {
    const half = { x: width / ui.view.zoom / 2, y: height / ui.view.zoom / 2 };
    if (Math.abs(x - ui.view.x) <= 0.9 * half.x && Math.abs(y - ui.view.y) <= 0.9 * half.y) return;
    ui.view = { ...ui.view, x, y };
  };
  return {
    under,
    goTo,
    bringIn,
    step: (by) => goTo(ui.slice + by),
    wheel: (delta) => {
      rolled += delta;
      if (Math.abs(rolled) < WHEEL_STEP) return;
      goTo(ui.slice + Math.sign(rolled));
      rolled = 0;
    },
    /** Go to a region. */
    choose: (id) => {
      const { point } = file.table.get(id);
      Object.assign(ui, { chosen: id, chosenAt: point, pointed: 0, pointer: null, cursor: null });
      const [slice, y, x] = point;
      bringIn({ x, y });
      goTo(slice);
    },
    /** The slice with most of an area; the current slice if the area is empty. */
    fullest: (name) => {
      const sizes = Array.from({ length: file.slices }, (_, slice) => file.plane(name, slice).reduce((sum, yes) => sum + yes, 0));
      const most = Math.max(...sizes);
      return most ? sizes.indexOf(most) : ui.slice;
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
      const first = boneView(file);
      const isFitted = Object.keys(first).every((name) => first[name] === ui.view[name]);
      ui.view = isFitted ? { ...whole } : first;
      redraw();
    },
    windows: () => {
      ui.windows = structuredClone(meta.window);
      redraw();
    },
  };
}
