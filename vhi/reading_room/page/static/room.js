// The page: the worklist or a case, and error messages at the top.

import { element } from "/controls/view.js";

import { belongTo, getJson } from "./server.js";
import { readingScreen } from "./reading.js";
import { worklistScreen } from "./worklist.js";

const main = document.getElementById("main");
let leave = () => {};
let turn = 0;

/** Show an error until the next action succeeds. */
function tell(error) {
  const place = document.getElementById("problem");
  place.textContent = error ? error.message : "";
  place.hidden = !error;
  if (error) showStatus("Not saved");
}

function showStatus(text) {
  document.getElementById("saved").textContent = text;
}

function nameOf({ case: name, visit, simulated }) {
  return `${`Case ${name} ${visit}`.trim()}${simulated ? " – simulated scan" : ""}`;
}

async function show() {
  turn += 1;
  const current = turn;
  const left = leave();
  leave = () => {};
  tell(null);
  showStatus("");
  try {
    await left;
    const worklist = await getJson("/api/worklist");
    belongTo(worklist.room);
    if (current !== turn) return;
    document.getElementById("reader").textContent = worklist.reader ? `Reader: ${worklist.reader}` : "";
    const wanted = /^#case=(\d+)$/.exec(location.hash);
    const row = wanted && worklist.cases.find((each) => String(each.id) === wanted[1]);
    document.getElementById("where").textContent = row ? nameOf(row) : "";
    if (!row) return main.replaceChildren(worklistScreen(worklist));
    main.replaceChildren(element("p", { role: "status" }, `Opening case ${row.case} …`));
    const screen = await readingScreen(row, { tell, showStatus });
    if (current !== turn) return screen.leave();
    main.replaceChildren(screen.element);
    leave = screen.leave;
    screen.start();
  } catch (error) {
    if (current !== turn) return; // another screen was opened meanwhile
    main.replaceChildren();
    tell(error);
  }
}

addEventListener("hashchange", show);
show();
