// The time a reader is at work on a case: seconds with the tab in front and something done lately.
//
// Offers: clock

const IDLE_AFTER_MS = 30_000;
const SEND_EVERY_S = 15;

/** Count active seconds and hand them to `send(seconds, closing)` from time to time. */
export function clock(send) {
  let last = Date.now();
  let counted = 0;
  const stop = new AbortController();
  const touched = () => {
    last = Date.now();
  };
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) {
    addEventListener(name, touched, { passive: true, signal: stop.signal });
  }
  const hand = (closing) => {
    const seconds = counted;
    counted = 0;
    return seconds ? send(seconds, closing) : null;
  };
  const ticking = setInterval(() => {
    if (document.visibilityState === "visible" && Date.now() - last < IDLE_AFTER_MS) counted += 1;
    if (counted >= SEND_EVERY_S) hand(false);
  }, 1000);
  addEventListener("pagehide", () => hand(true), { signal: stop.signal });
  return {
    /** Stop counting; wait for what this gives before asking how long it was. */
    stop() {
      clearInterval(ticking);
      stop.abort();
      return hand(false);
    },
  };
}
