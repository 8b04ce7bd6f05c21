// The pointer on a picture: it draws with its left button, and turns slices with its wheel.
//
// Offers: pointerOn

const CLICK_PX = 4;
const BUTTONS = { 1: "hand", 2: "window" };

/** Listen to the pointer on one picture; `strokes` are what it draws there. */
export function pointerOn(shown, strokes, screen) {
  const { canvas } = shown;
  const { ui } = screen;
  let from = null;

  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (ui.drawing) return;
      if (event.ctrlKey || event.metaKey) return screen.zoom(Math.exp(-event.deltaY / 300), shown.pointAt(event));
      screen.wheel(event.deltaY);
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", (event) => {
    // A click leaves the arrow keys to the slices: only Tab puts a picture in focus.
    event.preventDefault();
    document.activeElement?.blur();
    if (ui.drawing) return;
    canvas.setPointerCapture(event.pointerId);
    from = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    strokes.press(BUTTONS[event.button] ?? ui.tool, shown.pointAt(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = shown.pointAt(event);
    screen.hover(at);
    if (event.pointerId !== from?.id) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    from.moved ||= Math.hypot(dx, dy) >= CLICK_PX;
    strokes.move(at, dx, dy);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (event.pointerId !== from?.id) return;
    const { moved } = from;
    from = null;
    strokes.release(shown.pointAt(event), !moved, event.altKey);
  });
  // After every end; only where it was no release is something left to drop.
  canvas.addEventListener("lostpointercapture", () => {
    if (from) strokes.drop();
    from = null;
  });
  canvas.addEventListener("pointerleave", () => screen.hover(null));
}
