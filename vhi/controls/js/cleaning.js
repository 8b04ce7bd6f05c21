// Cleaning: remove or keep whole regions of a slice (step vi), on one's own case or as a game.
//
// Model: data (see CleaningControl.data and CleaningGame.data), region, removed [ids];
// of one's own case also slice, scope, reason, finished, proposal, and in a notebook whole {removed,
// voxels, edits, seen};
// of a game also case, answer.
//
// In a game readers' masks, scores and the proposal stay hidden until the player asks; then they
// follow.

import { RED, TURQUOISE, YELLOW, begin, counted, element, sliceView, withUnit } from "./view.js";
import { announcer, button, choice, readings, switchBox } from "./inputs.js";
import { anew, nearestSlice, settingsOn, sliceSlider } from "./follow.js";
import { decodeRound, leftPixels, only, regionNear, scoreOf } from "./rounds.js";
import { KEYS, LOOK, firstScores, fixed, menu, others, rules, scoreTable } from "./comparison.js";

const CHOSEN = "#ffffff";
const HOVERED = "#c8c8c8";
const ANSWER = "#ff66e0"; // magenta: on grey, yellow, red and turquoise alike
const REMOVED = 3; // label of a removed pixel, beside 1 and 2
const FINISHED = "I have read this scan: what is left is inflammation";
const PROPOSAL = "show what a model proposes (dimmed: remove; green: in doubt)";
const REACH = 12; // screen pixels within which a click finds a region: a finger is no needle
const IN_DOUBT = "#8cff66";
const DIMMED = 0.2; // opacity of what is proposed for removal
const OWN_CASE = ["slice", "region", "scope", "reason", "removed", "finished", "proposal"];
const GAME = ["case", "region", "answer", "removed"];

const render = anew(draw);

function draw({ model, el, look }) {
  const data = model.get("data");
  const rounds = data.slices.map(decodeRound);
  const game = !data.lesions;
  const stack = { ...data, slices: rounds };
  look.contrast ??= "stir";
  look.colours ??= true;
  look.proposal ??= false; // of a game: whether the proposal is shown beside the answer
  look.firsts ??= {}; // case -> its Dice when the player first asked
  Object.assign(look, { outline: 0, hovered: 0 });
  const { firsts } = look;
  const live = announcer();
  const played = settingsOn(model, game ? GAME : OWN_CASE, () => {
    now = played.read();
    refresh();
  });
  let now = played.read();

  const here = () =>
    (game ? rounds.find((round) => round.case === now.case) : rounds[nearestSlice(stack, now.slice)]);
  /** Numbers of the regions of this slice that are removed. */
  const gone = () => {
    const removed = new Set(now.removed);
    return new Set(here().order.filter((number) => removed.has(here().ids[number - 1])));
  };

  /** What is proposed for a region of this slice, where it is shown. */
  const proposedFor = (number) =>
    ((game ? now.answer && look.proposal : now.proposal) ? here().proposals?.[number - 1] : null);

  // --------------------------------------------------------------------- what a reader does
  const show = (changed) => {
    now = { ...now, ...changed };
    played.write(now);
    refresh();
    live.say(`${described()} ${summary()}`);
  };
  /** Remove or keep some regions of this slice, and what their lesions reach if so chosen. */
  const put = (numbers, removes, region = now.region) => {
    let ids = numbers.map((number) => here().ids[number - 1]);
    if (now.scope === "lesion") {
      const lesions = new Set(ids.map((id) => data.lesions[id]));
      ids = Object.keys(data.lesions).map(Number).filter((id) => lesions.has(data.lesions[id]));
    }
    const removed = new Set(now.removed);
    for (const id of ids) {
      if (removes) removed.add(id);
      else removed.delete(id);
    }
    show({ region, removed: [...removed], ...(game ? {} : { finished: false }) });
  };
  const toggle = (region) => {
    if (region) put([region], !gone().has(region), region);
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
  const turnTo = (slice) => {
    const round = rounds.find(({ index }) => index === slice);
    show({ slice, region: round?.order[0] ?? null });
  };
  const ask = () => {
    if (!now.answer) firsts[here().case] ??= scoreOf(here(), gone(), here().references[0]).dice;
    show({ answer: !now.answer });
  };

  // ------------------------------------------------------------------------- what is said
  const described = () => {
    const { order, sizes } = here();
    if (!order.length) return "No region in this slice.";
    if (!now.region) return `Loading slice ${now.slice}.`;
    const state = gone().has(now.region) ? "removed" : "kept";
    const place = order.indexOf(now.region) + 1;
    return `Region ${place} of ${order.length}, ${counted(sizes[now.region])} pixels: ${state}.`
      + proposedWords(proposedFor(now.region));
  };
  const summary = () => {
    if (!now.answer) return "";
    const [first] = here().references;
    const score = scoreOf(here(), gone(), first);
    return `${first.name}: Dice ${fixed(score.dice)} of at most ${fixed(score.ceiling)}.`;
  };

  // ----------------------------------------------------------------------------- the parts
  const scored = rounds[0].references.length > 0; // either all have masks or none
  const recorded = !game && Boolean(model.get("whole"));
  const cases = game
    ? choice(
        scored ? "Case, from easy to hard" : "Case",
        rounds.map((round, i) => [round.case, `${i + 1}: ${round.case.replace("_", " ")}`]),
        now.case,
        (name) => play(rounds.find((round) => round.case === name)),
      )
    : sliceSlider(model, stack, turnTo);
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
    ...(recorded ? { whole: "Whole scan" } : {}),
  });
  const showWhole = () => {
    if (!recorded) return;
    const { removed, voxels, edits, seen } = model.get("whole");
    const words = `${counted(removed)} of ${counted(data.whole.regions)} regions removed`;
    const record = `${counted(edits)} edit${edits === 1 ? "" : "s"} recorded`;
    const left = withUnit(voxels, rounds[0].voxel_mm3);
    numbers.set("whole", `${words}, ${left} left; ${record}; ${seen}`, voxels);
  };
  const whole = settingsOn(model, ["whole"], showWhole);
  const why = !game && {
    scope: choice(
      "Remove or keep",
      [["region", "the region"], ["lesion", "its whole lesion, on all slices"]],
      now.scope,
      (scope) => show({ scope }),
    ),
    reason: menu("Reason", data.reasons.map((reason) => [reason, reason]), now.reason, (reason) =>
      show({ reason })),
  };
  // As in the reading room: a reader with a name says so in so many words.
  const finisher = recorded && data.reader
    ? switchBox(FINISHED, now.finished, (finished) => show({ finished }))
    : null;
  const proposer = !game && rounds.some(({ proposals }) => proposals)
    ? switchBox(PROPOSAL, now.proposal, (proposal) => show({ proposal }))
    : null;
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
    const proposed = round.order.filter((number) => proposedFor(number) && !removed.has(number));
    const dim = new Set(proposed.filter((number) => removesSurely(proposedFor(number))));
    const doubt = proposed.filter((number) => proposedFor(number).doubt);
    const shade = (label, region) => (removed.has(region) ? REMOVED : dim.has(region) ? 0 : label);
    const plane = round.labels.map((label, i) => shade(label, round.regions[i]));
    const dimmed = round.labels.map((label, i) => (dim.has(round.regions[i]) ? label : 0));
    const outlines = [
      { plane: doubt.length && only(round, doubt), colour: IN_DOUBT },
      { plane: look.hovered && only(round, [look.hovered]), colour: HOVERED },
      { plane: now.region && only(round, [now.region]), colour: CHOSEN },
      { plane: now.answer && shownMask(round, look.outline), colour: ANSWER },
    ].filter(({ plane: mask }) => mask);
    picture.draw({
      grey: look.contrast === "t1w" ? round.t1w : round.stir,
      layers: look.colours
        ? [
            { plane, colours: { 1: YELLOW, 2: RED, [REMOVED]: TURQUOISE }, opacity: 0.65 },
            { plane: dimmed, colours: { 1: YELLOW, 2: RED }, opacity: DIMMED },
          ]
        : [],
      outlines,
      text: `${look.contrast === "t1w" ? "T1w" : "STIR"} slice ${round.index}${ofCase(round)}: `
        + `${round.order.length} regions, ${removed.size} removed`,
    });
  };
  const see = (changed) => {
    Object.assign(look, changed);
    drawSlice();
  };
  const seeProposal = (changed) => {
    see(changed);
    chosen.textContent = described();
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
    const outlined = menu("Outlined", options, look.outline, (outline) => see({ outline }));
    const bar = row(outlined.element);
    if (round.proposals) {
      bar.append(switchBox(PROPOSAL, look.proposal, (proposal) => seeProposal({ proposal })).element);
    }
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
    cases.set(game ? now.case : now.slice);
    if (why) {
      why.reason.set(now.reason);
      why.scope.set(now.scope);
    }
    finisher?.set(now.finished);
    proposer?.set(now.proposal);
    asker.textContent = now.answer ? "Hide the answer" : "Done: compare with the readers";
    asker.hidden = !scored;
    showResult();
    history.textContent = firstScores(rounds, firsts);
  };

  // -------------------------------------------------------------------------- put together
  const frame = begin(el);
  const boxes = row();
  if (rounds.every((round) => round.t1w)) {
    const contrasts = [["stir", "STIR"], ["t1w", "T1w"]];
    boxes.append(choice("Scan", contrasts, look.contrast, (contrast) => see({ contrast })).element);
  }
  boxes.append(switchBox("colour the regions", look.colours, (colours) => see({ colours })).element);
  frame.append(
    element("style", {}, LOOK),
    rounds.length > 1 || !game ? cases.element : "",
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
          button("Remove all", () => put(here().order, true)),
          button("Keep all", () => put(here().order, false)),
        ),
        ...(why ? [why.scope.element, why.reason.element] : []),
      ),
      element("div", {}, boxes, numbers.element, row(proposer?.element ?? "", finisher?.element ?? "", asker)),
    ),
    result,
    history,
    element("p", { class: "vhi-note" }, rules(rounds, { game, recorded })),
    live.element,
  );

  // When another slice has come from the kernel, the reader starts with its largest region.
  if (!game && !here().order.includes(now.region)) {
    now.region = here().order[0] ?? null;
    played.write(now);
  }
  refresh();
  showWhole();
  return () => {
    played.leave();
    whole.leave();
  };
}

/** The mask to outline: of a reference by its place, or the best cleaning for the first. */
function shownMask(round, outline) {
  if (outline === "best") return only(round, round.references[0].best);
  return round.references[outline]?.mask;
}

function ofCase(round) {
  return round.case ? ` of case ${round.case}` : "";
}

/** Whether a model is sure that a reader removes a region. */
function removesSurely(proposal) {
  return proposal.removes && !proposal.doubt;
}

function proposedWords(proposal) {
  if (!proposal) return "";
  const percent = `readers keep ${Math.round(100 * proposal.keep)} % of such regions`;
  if (proposal.doubt) return ` In doubt: ${percent}.`;
  const what = proposal.removes ? `proposed for removal (${proposal.reason})` : "proposed to keep";
  return ` Not read by anybody: ${what}; ${percent}.`;
}

function row(...parts) {
  return element("div", { class: "vhi-row" }, ...parts);
}

export default { render };
