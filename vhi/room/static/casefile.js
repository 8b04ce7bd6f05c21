// A case as the server has it: arrays, regions, state; and the actions sent to it, one by one.
//
// Offers: openCase

import { getArray, getJson, post } from "./server.js";

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };

/** Load a case; `onChange(file)` is called whenever its state is another. */
export async function openCase(id, onChange) {
  const path = `/api/case/${id}`;
  const { now, actions, ...meta } = await getJson(path);
  const [slices, height, width] = meta.shape;
  const pixels = height * width;
  const file = { id, meta, slices, width, height, actions };
  const load = (name, slice) => {
    const place = slice === undefined ? `${path}/${name}` : `${path}/${name}/${slice}`;
    return getArray(place, TYPES[meta.arrays[name]]);
  };
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
  };
  /** Take over a newer state; only the slices that have changed are fetched. */
  const take = async (answer) => {
    const next = answer.now;
    const changed = Object.entries(next.revisions).flatMap(([name, revisions]) =>
      revisions.flatMap((revision, slice) => (revision === file.now.revisions[name][slice] ? [] : [[name, slice]])),
    );
    const planes = await Promise.all(changed.map(([name, slice]) => load(name, slice)));
    changed.forEach(([name, slice], i) => file[name].set(planes[i], slice * pixels));
    file.actions.push(...answer.actions);
    setNow(next);
    onChange(file);
  };
  setNow(now);

  let waiting = Promise.resolve();
  /** Do one thing after the other; a failure is the caller's and does not stop what comes next. */
  const inTurn = (work) => {
    const done = waiting.then(work);
    waiting = done.catch(() => {});
    return done;
  };
  const channel = new BroadcastChannel(`vhi-room-${id}`);
  const since = () => `${path}/since?known=${file.now.known}&table=${file.now.table}`;
  const act = async (kind, payload) => {
    const { known, table } = file.now;
    await take(await post(`${path}/action`, { known, table, kind, payload }));
    channel.postMessage(file.now.known);
  };
  const catchUp = () => inTurn(async () => take(await getJson(since())));
  channel.onmessage = () => catchUp().catch(() => {});

  return Object.assign(file, {
    plane: (name, slice) => file[name].subarray(slice * pixels, (slice + 1) * pixels),
    regionAt: (slice, x, y) =>
      x >= 0 && y >= 0 && x < width && y < height ? file.regions[slice * pixels + y * width + x] : 0,
    /** What became of a region, in a word. */
    stateOf: (region) => (file.removed.has(region) ? "removed" : file.reviewed.has(region) ? "kept" : "not seen"),
    /** Intensity of a stored code. */
    value: (name, code) => meta.values[name].low + meta.values[name].step * code,
    act: (kind, payload) => inTurn(() => act(kind, payload)),
    catchUp,
    spend: (seconds, closing) => {
      const { known, table } = file.now;
      const action = { known, table, kind: "seconds", payload: { seconds } };
      return post(`${path}/action`, action, { keepalive: closing }).catch(() => {});
    },
    /** What a control computes on, for the case as it stands. */
    lab: (name, slice) => inTurn(() => getJson(`${path}/lab/${name}?slice=${slice}`)),
    exportResult: () => inTurn(() => post(`${path}/export`, {})),
    close: () => channel.close(),
  });
}
