// The list of cases with their states.
//
// Offers: worklistScreen, minutes

import { element } from "/controls/view.js";

/** Seconds as "m:ss". */
export function minutes(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function worklistScreen({ cases, source }) {
  const done = cases.filter((each) => each.state === "done").length;
  // Of interest only where some case is read without the proposal.
  const blinded = cases.some((each) => each.proposal === "hidden");
  const head = ["Case", "Visit", "State", ...(blinded ? ["Proposal"] : []), "Time spent (min:s)"].map((name) => element("th", { scope: "col" }, name));
  // Names come from tables and files: always text, never markup.
  const rows = cases.map((each) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("a", { href: `#case=${each.id}`, "aria-label": `${each.case} ${each.visit}`.trim() }, each.case)),
      element("td", {}, each.visit),
      element("td", {}, element("span", { class: `state ${each.state.replaceAll(" ", "-")}` }, each.state)),
      ...(blinded ? [element("td", {}, each.proposal)] : []),
      element("td", { class: "number" }, each.seconds ? minutes(each.seconds) : "–"),
    ),
  );
  return element(
    "section",
    { class: "worklist" },
    element("h2", {}, "Worklist"),
    element("p", {}, `${source ? `${source}: ` : ""}${cases.length} ${cases.length === 1 ? "case" : "cases"}, ${done} done.`),
    ...(cases.some((each) => each.simulated) ? [element("p", {}, "These scans are simulated; they show no patient.")] : []),
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
  );
}
