// A case as stored: arrays, regions, state; and its actions, sent one by one.
//
// Offers: openCase

import { drawnOn, packed } from "./planes.js";
import { getArray, getJson, post } from "./server.js";

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };

/** Load a case. `follow(onChange)` sets the function that is called when its state changes. */
export async function openCase(id) {
  const path = `/api/case/${id}`;
  const { now, actions, ...meta } = await getJson(path);
  const [slices, height, width] = meta.shape;
  const pixels = height * width;
  const file = { id, meta, slices, width, height, actions };
  let onChange = () => {};
  const load = (name, part = "") => getArray(`${path}/${name}${part}`, TYPES[meta.arrays[name]]);
  const names = Object.keys(meta.arrays);
  (await Promise.all(names.map((name) => load(name)))).forEach((array, i) => {
    file[names[i]] = array;
  });

  const setNow = (next) => {
    if (next.regions) {
      file.table = new Map(next.regions.map((row) => [row.id, row]));
      file.order = next.regions
        .slice()
        .sort((a, b) => a.slice - b.slice || b.voxels - a.voxels || a.id - b.id)
        .map((row) => row.id);
    }
    file.now = next;
    file.removed = new Set(next.removed);
    file.reviewed = new Set(next.reviewed);
    file.together = new Set(next.together);
  };
  /** Take over a newer state; only changed slices are fetched. */
  const take = async (answer) => {
    const next = answer.now;
    const changed = Object.entries(next.revisions).flatMap(([name, revisions]) => {
      const others = revisions.flatMap((revision, slice) => (revision === file.now.revisions[name][slice] ? [] : [slice]));
      return others.length ? [[name, others]] : [];
    });
    const planes = await Promise.all(changed.map(([name, others]) => load(name, `/${others}`)));
    changed.forEach(([name, others], i) =>
      others.forEach((slice, n) => file[name].set(planes[i].subarray(n * pixels, (n + 1) * pixels), slice * pixels)),
    );
    file.actions.push(...answer.actions);
    setNow(next);
    onChange();
  };
  setNow(now);

  let waiting = Promise.resolve();
  /** Run tasks one after the other; the caller handles a failure, and the next task still runs. */
  const inTurn = (work) => {
    const done = waiting.then(work);
    waiting = done.catch(() => {});
    return done;
  };
  const channel = new BroadcastChannel(`vhi-room-${id}`);
  const since = () => `${path}/since?known=${file.now.known}&table=${file.now.table}`;
  /** Returns whether anything was stored. The payload is decided when its turn comes. */
  const act = (kind, payloadNow) =>
    inTurn(async () => {
      const payload = payloadNow();
      if (!payload) return false;
      const { known, table } = file.now;
      await take(await post(`${path}/action`, { known, table, kind, payload }));
      channel.postMessage(file.now.known);
      return true;
    });
  const catchUp = () => inTurn(async () => take(await getJson(since())));
  channel.onmessage = () => catchUp().catch(() => {});
  // Actions of other tabs while this one was loading.
  await catchUp();

  const drawings = []; // not yet stored: {name, changes by slice}
  const plane = (name, slice) => file[name].subarray(slice * pixels, (slice + 1) * pixels);
  return Object.assign(file, {
    plane,
    follow: (hears) => {
      onChange = hears;
    },
    /** A mask as the reader sees it: with drawings not yet stored, and with `drawing`. */
    shown: (name, slice, drawing) =>
      [...drawings, drawing].reduce(
        (below, each) => (each?.name === name && each.changes.has(slice) ? drawnOn(below, each.changes.get(slice)) : below),
        plane(name, slice),
      ),
    isStoring: (name) => drawings.some((each) => each.name === name),
    regionAt: (slice, x, y) =>
      x >= 0 && y >= 0 && x < width && y < height ? file.regions[slice * pixels + y * width + x] : 0,
    regionOf: ([slice, y, x]) => file.regionAt(slice, x, y),
    /** The state of a region. */
    stateOf: (region) => {
      const together = file.together.has(region);
      const state = file.removed.has(region) ? "removed" : together || file.reviewed.has(region) ? "kept" : "not seen";
      return together ? `${state} with the proposal, not looked at` : state;
    },
    /** What a model proposes for a region that nothing has been done with; undefined where nothing. */
    proposedFor: (region) =>
      file.removed.has(region) || file.reviewed.has(region) || file.together.has(region)
        ? undefined
        : (file.table.get(region)?.proposal ?? undefined),
    /** Regions in doubt that nobody has judged: first the one that matters most for the volume. */
    inDoubt: () => {
      const change = (id) => file.table.get(id).proposal.change;
      const open = file.order.filter((id) => file.table.get(id).proposal?.doubt && !file.reviewed.has(id));
      return open.sort((a, b) => change(b) - change(a));
    },
    /** Intensity of a stored code. */
    value: (name, code) => meta.values[name].low + meta.values[name].step * code,
    act,
    draw: (drawing) => {
      const { name, changes } = drawing;
      const bits = ([slice, parts]) => [slice, Object.fromEntries(Object.entries(parts).map(([part, marked]) => [part, packed(marked)]))];
      drawings.push(drawing);
      const stored = act(name, () => ({ slices: Object.fromEntries([...changes].map(bits)) }));
      return stored.finally(() => drawings.splice(drawings.indexOf(drawing), 1));
    },
    catchUp,
    spend: (intervals, closing) =>
      post(`${path}/action`, { known: file.now.known, table: file.now.table, kind: "seconds", payload: { intervals } }, { keepalive: closing }),
    /** The data of a control, after all earlier actions are stored. */
    lab: (name, slice) => inTurn(() => getJson(`${path}/lab/${name}?slice=${slice}`)),
    exportResult: async () => {
      await waiting;
      return post(`${path}/export`, {});
    },
    close: () => channel.close(),
  });
}
