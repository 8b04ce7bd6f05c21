// Actions on regions: remove, restore, cut, mark as seen, one after the other.
//
// Offers: judging(file, ui, {act, look, showStatus, tell})
//
// A key may follow before the previous action is stored. So regions are named by voxels, and an
// action is decided when its turn comes.

export function judging(file, ui, { act, look, showStatus, tell }) {
  const { width } = file;
  const marking = new Set(); // regions whose mark as seen is on its way to the store

  const point = (id) => file.table.get(id).point;
  const isSeen = (id) => !id || file.reviewed.has(id);
  /**
   * Remove or restore regions in one action, as `actionNow(points)` says; regions already in that
   * state are skipped. With the scope lesion, their whole lesions.
   */
  const edit = (ids, actionNow) => {
    const { scope, reason } = ui;
    const points = ids.map(point);
    return act("edit", () => {
      const action = actionNow(points);
      const removes = action === "remove";
      const open = points.filter((at) => file.regionOf(at) && file.removed.has(file.regionOf(at)) !== removes);
      return open.length ? { action, scope, points: open, reason: removes ? reason : "" } : null;
    });
  };
  const toggle = (id) => id && edit([id], ([at]) => (file.removed.has(file.regionOf(at)) ? "restore" : "remove"));
  /** The region that most of a line lies on; 0 where it crosses none. */
  const crossed = (line) => {
    const hits = new Map();
    line.slice(1).forEach((b, n) => {
      const a = line[n];
      const steps = Math.ceil(4 * Math.hypot(b.x - a.x, b.y - a.y)) + 1;
      for (let i = 0; i <= steps; i += 1) {
        const id = look.under({ x: a.x + ((b.x - a.x) * i) / steps, y: a.y + ((b.y - a.y) * i) / steps });
        if (id) hits.set(id, (hits.get(id) ?? 0) + 1);
      }
    });
    return [...hits].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
  };
  return {
    toggle: () => toggle(ui.pointed || ui.chosen),
    toggleAt: (at) => {
      const id = look.under(at);
      if (!id) return;
      Object.assign(ui, { chosen: id, chosenAt: point(id) });
      toggle(id);
    },
    remove: (ids, restore) => edit(ids, () => (restore ? "restore" : "remove")),
    cut: (line) => {
      const id = crossed(line);
      if (!id) return tell(new Error("The line crosses no region; draw it across a region."));
      const at = file.plane("regions", ui.slice).indexOf(id);
      const where = [ui.slice, Math.floor(at / width), at % width];
      const pixels = line.map(({ x, y }) => [Math.floor(y), Math.floor(x)]);
      return act("edit", () => ({ action: "cut", points: [where], line: pixels, reason: "" }));
    },
    next: async () => {
      const now = ui.chosen;
      const start = file.order.indexOf(now) + 1;
      const after = [...file.order.slice(start), ...file.order.slice(0, start)];
      const next = after.find((id) => id !== now && !file.reviewed.has(id) && !marking.has(id));
      // At once: the next key is meant for the region that is shown then.
      const at = ui.chosenAt;
      if (next) look.choose(next);
      if (now && !file.reviewed.has(now) && !marking.has(now)) {
        marking.add(now);
        const marked = await act("reviewed", () => (isSeen(file.regionOf(at)) ? null : { points: [at], reviewed: true }));
        marking.delete(now);
        if (!marked) return;
      }
      if (!next) showStatus(file.order.length ? "All regions seen" : "No regions");
    },
    previous: () => {
      const before = file.order.indexOf(ui.chosen) - 1;
      if (before >= 0) look.choose(file.order[before]);
    },
    undo: () => act("undo", () => file.now.undo && {}),
    redo: () => act("redo", () => file.now.redo && {}),
  };
}
