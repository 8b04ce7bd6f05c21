// Active time on a case: while the tab has the focus and there was input recently.
//
// Offers: clock

const IDLE_AFTER_MS = 30_000;
const TICK_MS = 1000;
const LATE_MS = 5000; // a later tick means that the machine slept
const SEND_EVERY_MS = 15_000;
const MOST = 1000; // intervals sent at once

/**
 * Pass active times to `send(intervals, closing)` regularly, each [start, end] in seconds since
 * 1970. Times that could not be sent are sent with the next ones.
 */
export function clock(send) {
  // By the monotonic clock; converted to times of day when they are sent.
  let before = performance.now();
  let last = before;
  let sent = before;
  const intervals = [];
  let open = false; // whether the last interval continues
  const stop = new AbortController();
  const touched = () => {
    last = performance.now();
  };
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) {
    addEventListener(name, touched, { passive: true, signal: stop.signal });
  }
  const look = () => {
    const now = performance.now();
    const passed = now - before;
    if (passed <= 0) return; // the server refuses an interval without length
    before = now;
    const works = document.visibilityState === "visible" && document.hasFocus() && now - last < IDLE_AFTER_MS;
    if (!works || passed > LATE_MS) {
      open = false;
      return;
    }
    if (!open) intervals.push([now - passed, now]);
    intervals.at(-1)[1] = now;
    open = true;
  };
  const hand = async (closing) => {
    sent = performance.now();
    const counted = intervals.splice(0, MOST);
    open = false;
    if (!counted.length) return;
    const day = Date.now() - performance.now();
    try {
      await send(counted.map((times) => times.map((ms) => (day + ms) / 1000)), closing);
    } catch {
      intervals.unshift(...counted);
    }
  };
  const ticking = setInterval(() => {
    look();
    if (performance.now() - sent >= SEND_EVERY_MS) hand(false);
  }, TICK_MS);
  const leave = (closing) => {
    look();
    return hand(closing);
  };
  addEventListener("pagehide", () => leave(true), { signal: stop.signal });
  return {
    /** Stop counting; await the result before reading the time spent. */
    stop() {
      clearInterval(ticking);
      stop.abort();
      return leave(false);
    },
  };
}
