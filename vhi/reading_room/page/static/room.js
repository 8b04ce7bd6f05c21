// The page: which screen is shown, and what goes wrong told at its top.

import { element } from "/controls/view.js";

import { belongTo, getJson } from "./server.js";
import { readingScreen } from "./reading.js";
import { worklistScreen } from "./worklist.js";

const main = document.getElementById("main");
let leave = () => {};
let turn = 0;

/** Tell of a failure until the next thing succeeds. */
function tell(error) {
  const place = document.getElementById("problem");
  place.textContent = error ? error.message : "";
  place.hidden = !error;
  if (error) said("Not saved");
}

function said(text) {
  document.getElementById("saved").textContent = text;
}

function nameOf({ case: name, visit, simulated }) {
  return `${`Case ${name} ${visit}`.trim()}${simulated ? " – simulated scan" : ""}`;
}

async function show() {
  turn += 1;
  const mine = turn;
  const left = leave();
  leave = () => {};
  tell(null);
  said("");
  try {
    await left;
    const worklist = await getJson("/api/worklist");
    belongTo(worklist.room);
    if (mine !== turn) return;
    document.getElementById("reader").textContent = worklist.reader ? `Reader: ${worklist.reader}` : "";
    const wanted = /^#case=(\d+)$/.exec(location.hash);
    const row = wanted && worklist.cases.find((each) => String(each.id) === wanted[1]);
    document.getElementById("where").textContent = row ? nameOf(row) : "";
    if (!row) return main.replaceChildren(worklistScreen(worklist));
    main.replaceChildren(element("p", { role: "status" }, `Opening case ${row.case} …`));
    const screen = await readingScreen(row, { tell, said });
    if (mine !== turn) return screen.leave();
    main.replaceChildren(screen.element);
    leave = screen.leave;
    screen.start();
  } catch (error) {
    if (mine !== turn) return; // the reader has gone on
    main.replaceChildren();
    tell(error);
  }
}

addEventListener("hashchange", show);
show();
