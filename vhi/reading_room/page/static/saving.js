// Show the reader whether actions are saved.
//
// Offers: saving(showStatus, tell, after), measured

/** Report a duration to performance observers; the entry itself is not kept. */
export function measured(name, start, detail) {
  performance.measure(name, { start, detail });
  performance.clearMeasures(name);
}

/** Returns stored(kind, work): wait for `work` and show the result; false if it failed. */
export function saving(showStatus, tell, after) {
  let underWay = 0;
  let failures = 0;
  return async (kind, work) => {
    const start = performance.now();
    const failuresBefore = failures;
    underWay += 1;
    showStatus("Saving …");
    try {
      const any = await work;
      measured("vhi-action", start, kind);
      // An error that occurred meanwhile stays visible.
      if (failuresBefore === failures) tell(null);
      if (underWay === 1) showStatus(any ? "Saved" : "");
      return true;
    } catch (error) {
      failures += 1;
      tell(error);
      return false;
    } finally {
      underWay -= 1;
      after();
    }
  };
}
