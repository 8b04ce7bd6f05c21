// Actions on regions: remove, restore, cut, mark as seen, accept, one after the other.
//
// Offers: judging(file, ui, {act, look, showStatus, tell})
//
// A key may follow before the previous action is stored. So regions are named by voxels, and an
// action is decided when its turn comes.

export function judging(file, ui, { act, look, showStatus, tell }) {
  const { meta, width } = file;
  const marking = new Set(); // regions whose mark as seen is on its way to the store

  const point = (id) => file.table.get(id).point;
  const isSeen = (id) => !id || file.reviewed.has(id);
  /**
   * Remove or restore regions in one action, as `actionNow(points)` says; regions already in that
   * state are skipped. With the scope lesion, their whole lesions.
   */
  const edit = (ids, actionNow) => {
    const { scope } = ui;
    // A proposed reason is the reader's, where the reader removes that one region and names no other.
    const reason = ui.reason || (ids.length === 1 && file.table.get(ids[0]).proposal?.reason) || "";
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
  /** Mark a region as seen, and left as it is. */
  const mark = async (id, at) => {
    marking.add(id);
    const marked = await act("reviewed", () => (isSeen(file.regionOf(at)) ? null : { points: [at], reviewed: true }));
    marking.delete(id);
    return marked;
  };
  /** The next region to decide: in doubt, as it matters; then those that are neither seen nor accepted. */
  const toDecide = (now) => {
    const open = file.order.filter((id) => !file.reviewed.has(id) && !file.together.has(id));
    return [...file.inDoubt(), ...open].find((id) => id !== now && !marking.has(id));
  };
  const goToDecide = (now) => {
    const next = toDecide(now);
    if (next) look.choose(next);
    return next;
  };
  return {
    /** Accept together what the model is sure of; then go to the region in doubt that matters most. */
    accept: async () => {
      if (!meta.proposal) return showStatus("No proposal is shown");
      const before = file.now.known;
      if (!(await act("accept", () => ({})))) return;
      const any = file.now.known > before;
      if (!goToDecide(0)) showStatus(any ? "Nothing is in doubt" : "Nothing to accept");
    },
    /** Keep or remove a region, and go to the next one to decide. */
    decide: async (removes) => {
      const now = ui.pointed || ui.chosen;
      const at = now && point(now);
      const edited = now && edit([now], () => (removes ? "remove" : "restore"));
      const marked = now && mark(now, at);
      // At once: the next key is meant for the region that is shown then.
      const next = goToDecide(now);
      await Promise.all([edited, marked]);
      if (!next) showStatus(file.order.length ? "Nothing is left to decide" : "No regions");
    },
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
        if (!(await mark(now, at))) return;
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
