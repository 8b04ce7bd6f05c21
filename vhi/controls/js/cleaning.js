// Cleaning game: remove or keep regions of a slice, then compare with readers (step vi).
//
// Model: data (see CleaningGame.page_data), case, region, answer, removed {case: [numbers]}.
//
// Readers' masks and scores stay hidden until the player asks; while they are shown, they follow.

import { RED, TURQUOISE, YELLOW, begin, counted, element, sliceView, withUnit } from "./view.js";
import { announcer, button, choice, readings, switchBox } from "./inputs.js";
import { settingsOn } from "./follow.js";
import { decodeRound, leftPixels, only, regionNear, scoreOf } from "./rounds.js";
import { KEYS, LOOK, fixed, menu, others, rules, scoreTable, told } from "./comparison.js";

const CHOSEN = "#ffffff";
const HOVERED = "#c8c8c8";
const ANSWER = "#ff66e0"; // magenta: on grey, yellow, red and turquoise alike
const REMOVED = 3; // label of a removed pixel, beside 1 and 2
const REACH = 12; // screen pixels within which a click finds a region: a finger is no needle
const PLAYED = ["case", "region", "answer", "removed"];

function render({ model, el }) {
  const rounds = model.get("data").rounds.map(decodeRound);
  const look = { contrast: "stir", colours: true, outline: 0, hovered: 0 };
  const firsts = {}; // case -> its Dice when the player first asked
  const said = announcer();
  const played = settingsOn(model, PLAYED, () => {
    now = played.read();
    refresh();
  });
  let now = played.read();

  const here = () => rounds.find((round) => round.case === now.case) ?? rounds[0];
  const gone = () => new Set(now.removed[here().case] ?? []);

  // --------------------------------------------------------------------- what a player does
  const show = (changed) => {
    now = { ...now, ...changed };
    played.write(now);
    refresh();
    said.say(`${described()} ${summary()}`);
  };
  const put = (numbers, region = now.region) => {
    const sorted = [...numbers].sort((a, b) => a - b);
    show({ region, removed: { ...now.removed, [here().case]: sorted } });
  };
  const toggle = (region) => {
    if (!region) return;
    const removed = gone();
    if (!removed.delete(region)) removed.add(region);
    put(removed, region);
  };
  const step = (by) => {
    const { order } = here();
    if (!order.length) return;
    const at = order.indexOf(now.region);
    show({ region: order[(at + by + order.length) % order.length] });
  };
  const play = (round) => {
    Object.assign(look, { outline: 0, hovered: 0 });
    show({ case: round.case, region: round.order[0] ?? null, answer: false });
  };
  const ask = () => {
    if (!now.answer) firsts[here().case] ??= scoreOf(here(), gone(), here().references[0]).dice;
    show({ answer: !now.answer });
  };

  // ------------------------------------------------------------------------- what is told
  const described = () => {
    const { order, sizes } = here();
    if (!order.length) return "No region in this slice.";
    const state = gone().has(now.region) ? "removed" : "kept";
    const place = order.indexOf(now.region) + 1;
    return `Region ${place} of ${order.length}, ${counted(sizes[now.region])} pixels: ${state}.`;
  };
  const summary = () => {
    if (!now.answer) return "";
    const [first] = here().references;
    const score = scoreOf(here(), gone(), first);
    return `${first.name}: Dice ${fixed(score.dice)} of at most ${fixed(score.ceiling)}.`;
  };

  // ----------------------------------------------------------------------------- the parts
  const scored = rounds[0].references.length > 0; // either all have masks or none
  const cases = choice(
    scored ? "Case, from easy to hard" : "Case",
    rounds.map((round, i) => [round.case, `${i + 1}: ${round.case.replace("_", " ")}`]),
    now.case,
    (name) => play(rounds.find((round) => round.case === name)),
  );
  const stage = element("div", {
    class: "vhi-stage",
    role: "application",
    tabindex: 0,
    "aria-label": `Slice to clean. ${KEYS}`,
    keydown: (event) => {
      const act = {
        ArrowRight: () => step(1),
        ArrowDown: () => step(1),
        ArrowLeft: () => step(-1),
        ArrowUp: () => step(-1),
        " ": () => toggle(now.region),
        Enter: () => toggle(now.region),
      }[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    },
    click: (event) => toggle(regionUnder(event)),
    pointermove: (event) => {
      if (event.pointerType === "mouse") hover(regionUnder(event));
    },
    pointerleave: () => hover(0),
  });
  const regionUnder = (event) => {
    const at = picture.pixelAt(event);
    const reach = (REACH * here().width) / picture.canvas.getBoundingClientRect().width;
    return at ? regionNear(here(), at, Math.ceil(reach)) : 0;
  };
  const hover = (region) => {
    if (region === look.hovered) return;
    look.hovered = region;
    stage.classList.toggle("vhi-over", region > 0);
    drawSlice();
  };
  const chosen = element("p", { "data-name": "chosen" });
  const toggler = button("Remove", () => toggle(now.region));
  const numbers = readings({
    regions: "Regions kept",
    volume: "Volume left",
    ...(scored ? { best: "Best possible Dice" } : {}),
  });
  const asker = button("", ask);
  asker.classList.add("vhi-ask");
  const result = element("div", { class: "vhi-result" });
  const history = element("p", { class: "vhi-note" });

  let picture = null;
  let pictured = null;
  const drawSlice = () => {
    const round = here();
    if (pictured !== round) {
      pictured = round;
      picture = sliceView(round);
      stage.replaceChildren(picture.element);
    }
    const removed = gone();
    const plane = round.labels.map((label, i) => (removed.has(round.regions[i]) ? REMOVED : label));
    const outlines = [
      { plane: look.hovered && only(round, [look.hovered]), colour: HOVERED },
      { plane: now.region && only(round, [now.region]), colour: CHOSEN },
      { plane: now.answer && shownMask(round, look.outline), colour: ANSWER },
    ].filter(({ plane: mask }) => mask);
    picture.draw({
      grey: look.contrast === "t1w" ? round.t1w : round.stir,
      layers: look.colours
        ? [{ plane, colours: { 1: YELLOW, 2: RED, [REMOVED]: TURQUOISE }, opacity: 0.65 }]
        : [],
      outlines,
      text: `${look.contrast === "t1w" ? "T1w" : "STIR"} slice ${round.index} of case ${round.case}: `
        + `${round.order.length} regions, ${removed.size} removed`,
    });
  };
  const see = (changed) => {
    Object.assign(look, changed);
    drawSlice();
  };

  const showResult = () => {
    const round = here();
    result.hidden = !now.answer;
    if (!now.answer) return result.replaceChildren();
    const removed = gone();
    const next = rounds[rounds.indexOf(round) + 1];
    // Numbers follow every move; the menu stays, as it may have the focus.
    const table = scoreTable(round, removed);
    if (result.dataset.case === round.case && result.firstChild) {
      result.querySelector("table").replaceWith(table);
      result.querySelector("[data-name=others]").textContent = others(round, removed);
      return undefined;
    }
    result.dataset.case = round.case;
    const options = [
      ...round.references.map(({ name }, i) => [i, name]),
      ["best", "Best cleaning for the first mask"],
      ["none", "Nothing"],
    ];
    const bar = row(menu("Outlined", options, look.outline, (outline) => see({ outline })));
    if (next) {
      const go = () => {
        play(next);
        stage.focus();
      };
      bar.append(button("Next case", go));
    }
    result.replaceChildren(
      table,
      element("p", { "data-name": "others" }, others(round, removed)),
      bar,
    );
    return undefined;
  };

  const refresh = () => {
    const round = here();
    const removed = gone();
    const left = leftPixels(round, removed);
    drawSlice();
    chosen.textContent = described();
    toggler.textContent = removed.has(now.region) ? "Keep" : "Remove";
    toggler.disabled = !now.region;
    const kept = round.order.length - removed.size;
    numbers.set("regions", `${kept} of ${round.order.length}`, kept);
    numbers.set("volume", withUnit(left, round.voxel_mm3), left);
    if (scored) {
      const { ceiling } = scoreOf(round, removed, round.references[0]);
      numbers.set("best", fixed(ceiling), ceiling);
    }
    cases.set(round.case);
    asker.textContent = now.answer ? "Hide the answer" : "Done: compare with the readers";
    asker.hidden = !scored;
    showResult();
    history.textContent = told(rounds, firsts);
  };

  // -------------------------------------------------------------------------- put together
  const frame = begin(el);
  const boxes = row();
  if (rounds.every((round) => round.t1w)) {
    const contrasts = [["stir", "STIR"], ["t1w", "T1w"]];
    boxes.append(choice("Scan", contrasts, "stir", (contrast) => see({ contrast })).element);
  }
  boxes.append(switchBox("colour the regions", true, (colours) => see({ colours })).element);
  frame.append(
    element("style", {}, LOOK),
    ...(rounds.length > 1 ? [cases.element] : []),
    stage,
    element(
      "div",
      { class: "vhi-columns" },
      element(
        "div",
        {},
        chosen,
        row(
          button("Previous region", () => step(-1)),
          button("Next region", () => step(1)),
          toggler,
        ),
        row(
          button("Remove all", () => put(new Set(here().order))),
          button("Keep all", () => put(new Set())),
        ),
      ),
      element("div", {}, boxes, numbers.element, row(asker)),
    ),
    result,
    history,
    element("p", { class: "vhi-note" }, rules(rounds)),
    said.element,
  );

  refresh();
  return played.leave;
}

/** The mask to outline: of a reference by its place, or the best cleaning for the first. */
function shownMask(round, outline) {
  if (outline === "best") return only(round, round.references[0].best);
  return round.references[outline]?.mask;
}

function row(...parts) {
  return element("div", { class: "vhi-row" }, ...parts);
}

export default { render };
