// What is on its way to the store, told to the reader.
//
// Offers: saving(said, tell, after), measured

/** Tell those who observe this page how long something took; a day's actions are not kept. */
export function measured(name, start, detail) {
  performance.measure(name, { start, detail });
  performance.clearMeasures(name);
}

/** Gives stored(kind, work): wait for `work`, say what became of it; false where it failed. */
export function saving(said, tell, after) {
  let underWay = 0;
  let failures = 0;
  return async (kind, work) => {
    const start = performance.now();
    const known = failures;
    underWay += 1;
    said("Saving …");
    try {
      const any = await work;
      measured("vhi-action", start, kind);
      // What went wrong meanwhile is still to be read.
      if (known === failures) tell(null);
      if (underWay === 1) said(any ? "Saved" : "");
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
