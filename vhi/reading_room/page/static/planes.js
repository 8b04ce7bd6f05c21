// Shapes drawn on a slice, as planes of 0 and 1. No page here.
//
// Planes are flat, row by row: pixel (x, y) is at y * width + x; points are {x, y} in pixels, the
// middle of pixel (x, y) at (x + 0.5, y + 0.5).

/** Pixels whose middle lies inside a closed line, by the even-odd rule. */
export function insidePolygon(points, width, height) {
  const plane = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const crossings = [];
    points.forEach((a, i) => {
      const b = points[(i + 1) % points.length];
      const middle = y + 0.5;
      if (a.y <= middle === b.y <= middle) return;
      crossings.push(a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x));
    });
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(Math.ceil(crossings[i] - 0.5), 0);
      const to = Math.min(Math.ceil(crossings[i + 1] - 0.5), width);
      for (let x = from; x < to; x += 1) plane[y * width + x] = 1;
    }
  }
  return plane;
}

/** The four corners of the pixels that a box from one point to another touches. */
export function boxOf(a, b) {
  const [left, right] = [Math.floor(Math.min(a.x, b.x)), Math.floor(Math.max(a.x, b.x)) + 1];
  const [top, bottom] = [Math.floor(Math.min(a.y, b.y)), Math.floor(Math.max(a.y, b.y)) + 1];
  return [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
}

/** Pixels of an ellipse: centre in pixels, radii in mm, `pixel_mm` [down, across]. */
export function ellipse(centre, radii_mm, pixel_mm, width, height) {
  const plane = new Uint8Array(width * height);
  for (let i = 0; i < plane.length; i += 1) {
    const dx = (((i % width) + 0.5 - centre.x) * pixel_mm[1]) / radii_mm.x;
    const dy = ((Math.floor(i / width) + 0.5 - centre.y) * pixel_mm[0]) / radii_mm.y;
    plane[i] = dx * dx + dy * dy <= 1;
  }
  return plane;
}

/** A plane moved by whole pixels and scaled about a centre: each pixel comes from where it was. */
export function movedPlane(plane, width, height, { centre, dx = 0, dy = 0, scale = 1 }) {
  const moved = new Uint8Array(plane.length);
  for (let y = 0; y < height; y += 1) {
    const fromY = Math.floor(centre.y + (y + 0.5 - dy - centre.y) / scale);
    if (fromY < 0 || fromY >= height) continue;
    for (let x = 0; x < width; x += 1) {
      const fromX = Math.floor(centre.x + (x + 0.5 - dx - centre.x) / scale);
      if (fromX >= 0 && fromX < width) moved[y * width + x] = plane[fromY * width + fromX];
    }
  }
  return moved;
}

/** Middle of what planes mark, and the radii of an ellipse of its spread, in pixels; null for none. */
export function spreadOf(planes, width) {
  const sum = { n: 0, x: 0, y: 0, xx: 0, yy: 0 };
  for (const plane of planes) {
    plane.forEach((yes, i) => {
      if (!yes) return;
      const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
      sum.n += 1;
      sum.x += x;
      sum.y += y;
      sum.xx += x * x;
      sum.yy += y * y;
    });
  }
  if (!sum.n) return null;
  const centre = { x: sum.x / sum.n, y: sum.y / sum.n };
  // A radius of an ellipse is twice the standard deviation along it.
  const radius = (square, middle) => Math.max(2 * Math.sqrt(square / sum.n - middle * middle), 1);
  return { centre, radii: { x: radius(sum.xx, centre.x), y: radius(sum.yy, centre.y) } };
}

/** Mark the pixels under a round brush drawn from `a` to `b`; always at least the one beneath it. */
export function brush(plane, width, height, a, b, diameter_mm, pixel_mm) {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(b.x - a.x, b.y - a.y)));
  const r = diameter_mm / 2;
  for (let n = 0; n <= steps; n += 1) {
    const at = { x: a.x + ((b.x - a.x) * n) / steps, y: a.y + ((b.y - a.y) * n) / steps };
    const set = (x, y) => {
      if (x >= 0 && y >= 0 && x < width && y < height) plane[y * width + x] = 1;
    };
    set(Math.floor(at.x), Math.floor(at.y));
    const [ry, rx] = pixel_mm.map((mm) => r / mm);
    for (let y = Math.floor(at.y - ry); y <= at.y + ry; y += 1) {
      for (let x = Math.floor(at.x - rx); x <= at.x + rx; x += 1) {
        const dx = (x + 0.5 - at.x) * pixel_mm[1];
        const dy = (y + 0.5 - at.y) * pixel_mm[0];
        if (dx * dx + dy * dy <= r * r) set(x, y);
      }
    }
  }
}

/** A drawn line without the points that lie nearly on the way: at most `slack` pixels beside it. */
export function simplified(points, slack = 0.4) {
  if (points.length < 3) return points;
  const [a, b] = [points[0], points[points.length - 1]];
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  let [far, most] = [0, 0];
  points.forEach((p, i) => {
    const away = length
      ? Math.abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / length
      : Math.hypot(p.x - a.x, p.y - a.y);
    if (away > most) [far, most] = [i, away];
  });
  if (most <= slack) return [a, b];
  return [
    ...simplified(points.slice(0, far + 1), slack).slice(0, -1),
    ...simplified(points.slice(far), slack),
  ];
}

/** A plane after a drawing: what it set is marked, what it cleared is not. Either may be missing. */
export function drawnOn(plane, { set, cleared }) {
  return plane.map((yes, i) => ((yes || set?.[i]) && !cleared?.[i] ? 1 : 0));
}

/** A plane as base64 of its bits, highest bit first, as numpy.packbits. */
export function packed(plane) {
  const bytes = new Uint8Array(Math.ceil(plane.length / 8));
  plane.forEach((value, i) => {
    if (value) bytes[i >> 3] |= 128 >> (i & 7);
  });
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
