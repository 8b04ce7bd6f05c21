// Words and numbers beside the slice to clean: scores, scores so far, the rules.
//
// Offers: scoreTable, others, firstScores, rules, fixed, menu, KEYS, LOOK

import { counted, element } from "./view.js";
import { decidedOtherwise, scoreOf } from "./rounds.js";

export const KEYS = "Arrow keys go from region to region, largest first; space removes or keeps.";

export const LOOK = `
.vhi-stage { touch-action: manipulation; }
.vhi-stage.vhi-over { cursor: pointer; }
.vhi-live button.vhi-ask { border-width: 2px; font-weight: 600; }
.vhi-live label.vhi-menu { max-width: 100%; }
.vhi-menu select { font: inherit; min-width: 0; min-height: 2.2rem; max-width: 100%; color: CanvasText; background: Canvas; }
.vhi-live table.vhi-scores { border-collapse: collapse; width: 100%; margin: 0.6em 0; font-size: 0.9em;
  color: inherit; font-variant-numeric: tabular-nums; display: table; }
.vhi-live table.vhi-scores caption { text-align: left; caption-side: top; color: inherit; padding: 0.3em 0; }
.vhi-live table.vhi-scores :is(th, td) { color: inherit; background: none; border: 0; padding: 0.25em 0.35em;
  border-bottom: 1px solid rgba(128, 128, 128, 0.5); text-align: right; }
.vhi-live table.vhi-scores th { font-weight: 600; }
.vhi-live table.vhi-scores :is(tbody th, th:first-child) { text-align: left; }
.vhi-live table.vhi-scores th[colspan] { text-align: center; }
.vhi-live table.vhi-scores tbody th { font-weight: 400; }
.vhi-live table.vhi-scores tbody tr:first-child > * { font-weight: 700; }
@media (max-width: 30rem) {
  .vhi-live table.vhi-scores { font-size: 0.75em; }
  .vhi-live table.vhi-scores :is(th, td) { padding: 0.25em 0.15em; }
}
.vhi-result { border-top: 1px solid currentColor; margin-top: 0.8em; padding-top: 0.3em; }
`;

/** Your cleaning and the best one, compared with every mask. Cells carry plain values in data-value. */
export function scoreTable(round, removed) {
  const column = (text) => element("th", { scope: "col" }, text);
  const group = (text) => element("th", { scope: "colgroup", colspan: 2 }, text);
  const rows = round.references.map((reference, i) => {
    const score = scoreOf(round, removed, reference);
    const cell = (name, value, text) =>
      element("td", { "data-name": `${name}-${i}`, "data-value": value }, text);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, reference.name),
      cell("dice", score.dice, fixed(score.dice)),
      cell("ceiling", score.ceiling, fixed(score.ceiling)),
      cell("difference", score.difference, signed(score.difference)),
      cell("ceiling-difference", score.ceilingDifference, signed(score.ceilingDifference)),
    );
  });
  return element(
    "table",
    { class: "vhi-scores" },
    element(
      "caption",
      {},
      "Your cleaning (you) and the best that whole regions can give (best), compared with each ",
      "mask. Volume: difference from the mask.",
    ),
    element(
      "thead",
      {},
      element("tr", {}, element("td"), group("Dice"), group("Volume, mm³")),
      element("tr", {}, column("Mask"), column("you"), column("best"), column("you"), column("best")),
    ),
    element("tbody", {}, ...rows),
  );
}

/** How far a cleaning differs from the best one. */
export function others(round, removed) {
  const nothing = scoreOf(round, new Set(), round.references[0]).dice;
  return `${decidedOtherwise(round, removed)} of ${round.order.length} regions differ from the best `
    + `cleaning for the first mask. Removing nothing gives Dice ${fixed(nothing)}.`;
}

/** Dice of each case when the player first asked, beside the best; `firsts`: {case: Dice}. */
export function firstScores(rounds, firsts) {
  const played = rounds.filter((round) => round.case in firsts);
  if (!played.length) return "";
  const parts = played.map((round) => {
    const { ceiling } = scoreOf(round, new Set(), round.references[0]);
    return `${round.case.replace("_", " ")}: ${fixed(firsts[round.case])} of ${fixed(ceiling)}`;
  });
  return `Your Dice when you first compared, out of the best possible: ${parts.join("; ")}.`;
}

/** How to clean, and on what. */
export function rules(rounds, { game, recorded }) {
  const basic = "Click a region to remove it, and again to keep it; or move the focus to the picture. "
    + `${KEYS} Yellow and red: kept; turquoise: removed. The volume left is that of this slice.`;
  if (recorded) return `${basic} Each removal is recorded with its reason.`;
  if (!game) return `${basic} In a notebook each removal is recorded, and every slice can be cleaned.`;
  if (!rounds[0].references.length) {
    return `${basic} No reader drew on these scans, so there is no comparison and no score.`;
  }
  return rounds.some((round) => round.simulated)
    ? `${basic} Scans and readers are simulated.`
    : basic;
}

/** A labelled menu; `options` [[value, text], ...]. Gives {element, set(value)}. */
export function menu(label, options, value, onChange) {
  const select = element("select", { change: () => onChange(options[select.selectedIndex][0]) });
  select.append(...options.map(([, text]) => element("option", {}, text)));
  const set = (to) => {
    select.selectedIndex = options.findIndex(([option]) => option === to);
  };
  set(value);
  return { element: element("label", { class: "vhi-box vhi-menu" }, label, select), set };
}

export function fixed(value) {
  return value.toFixed(3);
}

function signed(value) {
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${counted(Math.abs(value), 0)}`;
}
