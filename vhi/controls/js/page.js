// A control on a built page, where no kernel is: it runs on the data that stand beside it.
//
// Offers: pageModel, start

/** The part of anywidget's model that controls use. */
export function pageModel(state) {
  const listeners = {};
  return {
    get: (name) => state[name],
    set: (name, value) => {
      if (state[name] === value) return;
      state[name] = value;
      for (const listen of listeners[`change:${name}`] ?? []) listen();
    },
    on: (event, listen) => {
      listeners[event] = [...(listeners[event] ?? []), listen];
    },
    off: (event, listen) => {
      listeners[event] = (listeners[event] ?? []).filter((other) => other !== listen);
    },
    save_changes: () => {},
  };
}

/** Bring every control of this name to life that is not yet. Its picture stays if that fails. */
export function start(name, render) {
  for (const place of document.querySelectorAll(`.vhi-control[data-control="${name}"]`)) {
    if (place.dataset.live) continue;
    place.dataset.live = "yes";
    const data = JSON.parse(place.querySelector("script[type='application/json']").textContent);
    const el = document.createElement("div");
    // In the page before it is drawn: drawing asks how much room there is.
    place.append(el);
    try {
      render({ model: pageModel(data), el });
    } catch (error) {
      el.remove();
      throw error;
    }
    place.querySelector(".vhi-drawn").remove();
  }
}
