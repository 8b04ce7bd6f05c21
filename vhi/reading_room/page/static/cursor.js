// The cursor of a focused picture: arrow keys move it, and it draws as the pointer does.
//
// Offers: cursorOn

import { HANDS } from "./tools.js";

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 5;
const STAYS = new Set(HANDS.map(([name]) => name));

/** Listen to the keys on one picture; its cursor draws with `strokes`. */
export function cursorOn(shown, strokes, screen) {
  const { canvas } = shown;
  const { file, ui } = screen;
  let pressed = null; // the tool, and the distance moved since, in pixels

  /** The middle of the pixel at a place, or of the nearest one. */
  const within = ({ x, y }) => ({
    x: Math.min(Math.max(Math.floor(x), 0), file.width - 1) + 0.5,
    y: Math.min(Math.max(Math.floor(y), 0), file.height - 1) + 0.5,
  });
  /** The cursor's place; it starts at the selected region, or in the middle. */
  const here = () => {
    if (ui.cursor) return ui.cursor;
    const row = file.table.get(ui.chosen);
    return within(row?.slice === ui.slice ? { x: row.point[2], y: row.point[1] } : ui.view);
  };
  const show = (at) => {
    ui.cursor = at;
    screen.hover(at, true);
  };
  const step = ([right, down], times) => {
    const [dx, dy] = [right * times, down * times];
    const at = within({ x: here().x + dx, y: here().y + dy });
    if (pressed) {
      pressed.moved = true;
      pressed.x += dx;
      pressed.y += dy;
      const [zero, now] = [{ x: 0, y: 0 }, pressed].map(shown.clientAt);
      strokes.move(at, now.x - zero.x, now.y - zero.y);
    }
    // Window and picture are dragged from one place.
    if (!STAYS.has(pressed?.tool)) show(at);
  };
  const press = (restores) => {
    const at = here();
    if (pressed) {
      const { moved } = pressed;
      pressed = null;
      strokes.release(at, !moved, restores);
    } else if (!ui.drawing) {
      pressed = strokes.press(ui.tool, at) ? { tool: ui.tool, x: 0, y: 0, moved: false } : null;
      if (!pressed) strokes.release(at, true, restores);
    }
    show(at);
  };
  const cancel = () => {
    pressed = null;
    strokes.drop();
  };

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const way = WAYS[event.key];
    if (way && !event.altKey) step(way, event.shiftKey ? FAR : 1);
    else if (event.key === "Enter" && !event.repeat) press(event.altKey);
    else if (event.key === "Escape" && pressed) {
      cancel();
      show(here());
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("focus", () => show(here()));
  canvas.addEventListener("blur", () => {
    if (pressed) cancel();
    screen.hover(null);
  });
}
