// The time a reader is at work on a case: while the tab has the focus and something was done lately.
//
// Offers: clock

const IDLE_AFTER_MS = 30_000;
const TICK_MS = 1000;
const LATE_MS = 5000; // a tick so late: the machine slept
const SEND_EVERY_MS = 15_000;
const MOST = 1000; // intervals sent at once

/**
 * Hand the times at work to `send(intervals, closing)` every so often, each [start, end] in seconds
 * since 1970. What could not be sent is sent with the next.
 */
export function clock(send) {
  // By this clock, which is never set anew; as times of day only when they are sent.
  let before = performance.now();
  let last = before;
  let sent = before;
  const intervals = [];
  let open = false; // whether the last one still goes on
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
    /** Stop counting; wait for what this gives before asking how long it was. */
    stop() {
      clearInterval(ticking);
      stop.abort();
      return leave(false);
    },
  };
}
