// How many pixels stay at many thresholds, for curves. No page, no picture here.
//
// Offers: keptByLower

/**
 * How many pixels stay at each of many lower thresholds; `lowers` in any order.
 *
 * From bright to dark, pixels join the regions of their neighbours: one pass serves all
 * thresholds, where labelling each anew would take seconds.
 */
export function keptByLower(stack, lowers) {
  const order = lowers.map((_, i) => i).sort((a, b) => lowers[b] - lowers[a]);
  const counts = lowers.map(() => 0);
  for (const slice of stack.slices) {
    const grown = growingRegions(stack, slice);
    for (const i of order) counts[i] += grown(lowers[i]);
  }
  return counts;
}

/** A function that takes ever lower thresholds and tells how many pixels of a slice stay. */
function growingRegions({ values, width, height, min_pixels }, { stir, bone }) {
  const inside = Uint32Array.from(bone.keys()).filter((i) => bone[i]);
  const brightest = inside.sort((a, b) => stir[b] - stir[a]);
  const parent = new Int32Array(stir.length).fill(-1);
  const size = new Int32Array(stir.length);
  let next = 0;
  let staying = 0;

  const counted = (pixels) => (pixels >= min_pixels ? pixels : 0);
  const rootOf = (at) => {
    let root = at;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  };
  const join = (a, b) => {
    const first = rootOf(a);
    const second = rootOf(b);
    if (first === second) return;
    const [large, small] = size[first] < size[second] ? [second, first] : [first, second];
    staying -= counted(size[large]) + counted(size[small]);
    parent[small] = large;
    size[large] += size[small];
    staying += counted(size[large]);
  };
  const add = (at) => {
    parent[at] = at;
    size[at] = 1;
    staying += counted(1);
    const x = at % width;
    const y = (at - x) / width;
    for (let b = Math.max(y - 1, 0); b <= Math.min(y + 1, height - 1); b += 1) {
      for (let a = Math.max(x - 1, 0); a <= Math.min(x + 1, width - 1); a += 1) {
        if (parent[b * width + a] >= 0) join(at, b * width + a);
      }
    }
  };
  return (lower) => {
    while (next < brightest.length && values[stir[brightest[next]]] >= lower) {
      add(brightest[next]);
      next += 1;
    }
    return staying;
  };
}
