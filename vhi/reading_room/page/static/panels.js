// The panels under the pictures: the region, the tools of the step, the numbers.
//
// Offers: panels(screen) -> {element, refresh(), refreshTools(), refreshNumbers(),
// refreshList(), region(id), seen(), exported(text, busy)}

import { bars, chart } from "/controls/chart.js";
import { counted, digits, drawn, element, RED, YELLOW } from "/controls/view.js";

import { proposedInWords, removesSurely } from "./drawing.js";
import { HANDS, TOOLS } from "./tools.js";
import { minutes } from "./worklist.js";

export const MODES = { cleaning: "Cleaning", normal_bone: "Normal bone", disease_region: "Disease region" };

const button = (text, press, more = {}) => element("button", { type: "button", click: press, ...more }, text);
const key = (text) => element("kbd", { "aria-hidden": "true" }, text);

/** A row of buttons, one of them pressed. Returns {element, show(name)}. */
function oneOf(label, choices, press) {
  const made = choices.map(([name, text, shortcut, title]) => {
    const shown = button(text, () => press(name), { title });
    if (shortcut) shown.append(" ", key(shortcut.toUpperCase()));
    return [name, shown];
  });
  const row = element("div", { class: "one-of", role: "group", "aria-label": label }, ...made.map(([, each]) => each));
  const show = (chosen) => made.forEach(([name, each]) => each.setAttribute("aria-pressed", name === chosen));
  return { element: row, show };
}

function range(label, [low, high, step], value, text, move) {
  const shown = element("output", {}, text(value));
  const input = element("input", {
    type: "range",
    min: low,
    max: high,
    step,
    value,
    input: () => {
      shown.textContent = text(Number(input.value));
      move(Number(input.value));
    },
  });
  return element("label", { class: "range" }, element("span", {}, label, " ", shown), input);
}

export function panels(screen) {
  const { file, ui } = screen;
  const unit = (voxels, mm3) => `${counted(voxels)} voxels, ${digits(mm3, 0, 1)} mm³`;

  // ------------------------------------------------------------------------------- the tools
  const modes = oneOf("Step", Object.entries(MODES).map(([name, text]) => [name, text]), screen.mode);
  const tools = element("div");
  const hands = oneOf("Hands", HANDS, screen.tool);
  const toolRows = Object.fromEntries(
    Object.entries(TOOLS).map(([mode, list]) => [mode, oneOf(`Tools: ${MODES[mode]}`, list, screen.tool)]),
  );
  const scope = oneOf("Scope", [["region", "This slice only", "s"], ["lesion", "Whole lesion", "s"]], screen.scope);
  const reason = element(
    "select",
    { change: () => screen.setReason(reason.value) },
    element("option", { value: "" }, "no reason given"),
    ...file.meta.reasons.map((each, i) => element("option", { value: each }, `${i + 1} – ${each}`)),
  );
  const brush = range("Brush", [0.5, 20, 0.5], ui.brush_mm, (v) => `${v} mm`, (v) => (ui.brush_mm = v));
  const slices = range("Ellipse on", [1, Math.min(file.slices, 9), 1], ui.area_slices, (v) => (v === 1 ? "1 slice" : `${v} slices`), (v) => (ui.area_slices = v));
  const adds = element("input", { type: "checkbox", change: () => (ui.area_adds = adds.checked) });
  const options = {
    cleaning: [scope.element, element("label", {}, "Reason ", reason)],
    normal_bone: [brush, slices, element("label", {}, adds, " add to the area"), button("Ellipse with handles …", () => screen.lab("normal_bone"))],
    disease_region: [brush],
  };
  const undo = button("Undo", screen.undo);
  const redo = button("Redo", screen.redo);
  undo.append(" ", key("Z"));
  redo.append(" ", key("Y"));
  const doing = element("section", { "aria-label": "Tools" }, modes.element, tools, hands.element, element("div", { class: "row" }, undo, redo));

  // ----------------------------------------------------------------------------- the region
  const about = element("div", { class: "about", "data-name": "region" });
  const seen = element("p", { "data-name": "seen" });
  const bar = element("progress", { max: 1, value: 0, "aria-label": "Regions seen" });
  const toggle = button("Remove", screen.toggle);
  const nextButton = button("Next unseen", screen.next);
  nextButton.append(" ", key("N"));
  const accept = button("Accept what is sure", screen.accept, { title: "Without looking at it; one step to undo" });
  accept.append(" ", key("T"));
  const keepNext = button("Keep, next", () => screen.decide(false));
  keepNext.append(" ", key("K"));
  const removeNext = button("Remove, next", () => screen.decide(true));
  removeNext.append(" ", key("D"));
  const doubt = element("p", { "data-name": "doubt" });
  const list = element("ul", { class: "regions", "aria-label": "Regions of this slice", tabindex: "0" });
  const which = element("section", { "aria-label": "Region" }, about, element("div", { class: "row" }, toggle, nextButton), element("div", { class: "row" }, keepNext, removeNext, ...(file.meta.proposal ? [accept] : [])), bar, seen, doubt, list);

  // --------------------------------------------------------------------------------- the numbers
  const volume = element("strong", { "data-name": "volume" });
  const proposed = element("p", { "data-name": "proposed", class: "dim" });
  const thresholds = element("p", { "data-name": "thresholds" });
  const area = element("p", { "data-name": "area" });
  const warn = element("div", { class: "notes" });
  let histogram = null;
  const plot = chart({
    label: "Histogram of normal bone with both thresholds",
    xLabel: "STIR intensity of normal bone",
    yLabel: "voxels",
    height: 170,
    x: [0, 1],
    y: [0, 1],
    draw: (scale) => (histogram ? drawHistogram(scale, histogram) : []),
  });
  const whatIf = [["thresholds", "Thresholds …"], ["specks", "Specks …"]].map(([name, text]) => button(text, () => screen.lab(name)));
  const finish = button("", screen.finish);
  const meaning = element("p", { class: "dim", "data-name": "finished" });
  const save = button("Export", screen.exportResult);
  const exported = element("p", { "data-name": "exported", role: "status" });
  const status = element("span", { class: "dim", "data-name": "status" });
  const history = element("ol", { class: "history", reversed: "" });
  const numbers = element(
    "section",
    { "aria-label": "Numbers" },
    element("p", { class: "vhi" }, "VHI ", volume),
    proposed,
    thresholds,
    area,
    plot.element,
    warn,
    element("div", { class: "row", role: "group", "aria-label": "What if" }, "What if", ...whatIf, element("span", { class: "dim" }, "does not change the reading")),
    element("div", { class: "row" }, finish, save, status),
    meaning,
    exported,
    element("details", {}, element("summary", {}, "History"), history),
  );

  const refreshTools = () => {
    modes.show(ui.mode);
    tools.replaceChildren(toolRows[ui.mode].element, element("div", { class: "row options" }, ...options[ui.mode]));
    toolRows[ui.mode].show(ui.tool);
    hands.show(ui.tool);
    scope.show(ui.scope);
    reason.value = ui.reason;
  };

  const refreshNumbers = () => {
    const { now, histogram: bins } = screen.numbersNow();
    const drawing = now !== file.now;
    const rough = drawing && !file.meta.values.stir.exact;
    const { volume: lower, thresholds: t, normal_bone, disease_region } = now;
    volume.textContent = t && lower ? `${drawing ? "about " : ""}${unit(lower.voxels, lower.mm3)}` : "–";
    volume.dataset.drawing = drawing;
    proposed.hidden = !now.proposed;
    if (now.proposed) {
      const { volume: left, model } = now.proposed;
      proposed.textContent = drawing ? "Proposed, not read: –" : `Proposed, not read: ${unit(left.voxels, left.mm3)} (model ${model})`;
    }
    volume.dataset.value = lower?.voxels ?? "";
    const level = (value) => (rough ? digits(value) : digits(value, 1, 4));
    thresholds.textContent = t
      ? `Thresholds ${rough ? "about " : ""}${level(t.lower)} and ${level(t.upper)}, n = ${t.multiple.toFixed(rough ? 1 : 2)}`
      : "No thresholds";
    const changed = [normal_bone, disease_region].map((each) => (each.changed ? ` (${counted(each.changed)} changed)` : ""));
    area.textContent = `Normal bone ${counted(normal_bone.voxels)} voxels${changed[0]}; disease region ${counted(disease_region.voxels)}${changed[1]}`;
    histogram = bins && t ? { ...bins, thresholds: t } : null;
    if (histogram) {
      const { edges, counts } = histogram;
      const high = Math.max(edges[edges.length - 1], t.upper);
      plot.refresh({ x: [edges[0], high + 0.04 * (high - edges[0])], y: [0, Math.max(...counts)] });
    }
    plot.element.hidden = !histogram;
    const words = [now.problem, ...now.warnings, ...(now.proposed?.notes ?? []), ...now.changed, ...now.stale, ...file.meta.notes].filter(Boolean);
    warn.replaceChildren(...words.map((text) => element("p", {}, text)));
  };

  const refreshState = () => {
    const { now } = file;
    for (const [shown, name, what] of [[undo, "Undo", now.undo], [redo, "Redo", now.redo]]) {
      shown.disabled = !what;
      shown.title = what ? `${name}: ${what}` : `Nothing to ${name.toLowerCase()}`;
    }
    for (const each of whatIf) each.disabled = Boolean(now.problem);
    const done = now.state === "done";
    finish.textContent = done ? "Resume" : "Finish";
    meaning.textContent = done
      ? "Finished: you have read this scan, and what is left is inflammation."
      : "Finish says: I have read this scan, and what is left is inflammation.";
    const rows = [...file.table.keys()];
    const judged = rows.filter((id) => file.reviewed.has(id)).length;
    bar.max = Math.max(rows.length, 1);
    bar.value = judged;
    const together = file.together.size ? `; ${file.together.size} accepted together, not looked at` : "";
    seen.textContent = `${judged} of ${rows.length} regions seen, ${file.removed.size} removed${together}`;
    doubt.textContent = proposalInWords(file);
    status.textContent = `${now.state}, ${minutes(now.seconds)} min`;
    for (const [name, value] of Object.entries({ judged, removed: file.removed.size, regions: rows.length, together: file.together.size })) seen.dataset[name] = value;
    history.replaceChildren(
      ...file.actions.filter((each) => each.kind !== "seconds").slice(-100).reverse().map((each) => element("li", {}, `${localTime(each.time)} ${each.words}`)),
    );
  };

  const region = (id) => {
    const row = file.table.get(id);
    toggle.disabled = !row;
    toggle.replaceChildren(row && file.removed.has(id) ? "Restore" : "Remove", " ", key("X"));
    about.replaceChildren(...describe(file, row).map((text) => element("p", {}, text)));
    about.dataset.region = row ? id : "";
    for (const item of list.children) item.firstChild.setAttribute("aria-current", Number(item.dataset.region) === id);
  };

  const refreshList = () => {
    const here = file.order.filter((id) => file.table.get(id).slice === ui.slice);
    list.replaceChildren(
      ...here.map((id) => {
        const row = file.table.get(id);
        const text = `${id}: ${row.voxels} px, mean ${digits(row.mean)}, ${row.side}`;
        const state = file.stateOf(id);
        const proposal = file.proposedFor(id);
        const kind = [state.split(" ")[0], removesSurely(proposal) && "proposed", proposal?.doubt && "doubt"].filter(Boolean).join(" ");
        return element("li", { "data-region": id, class: kind }, button(`${text} · ${state}${proposedInWords(proposal)}`, () => screen.choose(id)));
      }),
    );
  };

  const refresh = () => {
    refreshTools();
    refreshNumbers();
    refreshState();
    refreshList();
  };
  return {
    element: element("div", { class: "panels" }, which, doing, numbers),
    refresh,
    refreshTools,
    refreshNumbers,
    refreshList,
    region,
    seen: () => {
      const { judged, regions } = seen.dataset;
      const cleaned = file.now.state === "done" || (regions > 0 && judged === regions);
      const words = file.together.size ? "cleaned with a proposal, not read" : "not cleaned yet";
      return `${cleaned ? "after cleaning" : words}; seen ${judged} of ${regions} regions`;
    },
    exported: (text, busy = false) => {
      exported.textContent = text;
      save.disabled = busy;
    },
  };
}

/** A time of the store (UTC) in the reader's time zone: "2026-11-21 22:04". */
function localTime(time) {
  const at = new Date(time);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace("T", " ");
}

/** What is left of the proposal to decide; that it is hidden where it is. */
function proposalInWords(file) {
  if (!file.meta.proposal) return "Blinded reading: no proposal is shown";
  const doubts = file.inDoubt();
  const voxels = doubts.reduce((sum, id) => sum + file.table.get(id).voxels, 0);
  const sure = file.order.filter((id) => file.proposedFor(id)?.doubt === false).length;
  const open = sure ? `${counted(sure)} regions sure and not accepted, ` : "";
  return `Proposal: ${open}${counted(doubts.length)} in doubt (${counted(voxels)} voxels)`;
}

/** A description of a region. */
function describe(file, row) {
  if (!row) return ["Point at a region, or press N for the next one."];
  const lesion = [...file.table.values()].filter((each) => each.lesion === row.lesion);
  const slices = lesion.map((each) => each.slice);
  const [first, last] = [Math.min(...slices), Math.max(...slices)];
  return [
    `Region ${row.id} – ${file.stateOf(row.id)}`,
    `Slice ${row.slice}, ${row.side} side: ${counted(row.voxels)} pixels (${digits(row.area_mm2, 0, 1)} mm²), ${counted(row.voxels_upper)} red`,
    `STIR mean ${digits(row.mean)}, maximum ${digits(row.peak)}`,
    lesion.length > 1 ? `Lesion of ${lesion.length} regions, slices ${first} to ${last}` : "The only region of its lesion",
    ...(row.proposal ? [proposedAt(row.proposal)] : []),
  ];
}

/** What a model proposes for a region, whatever has been done with it. */
function proposedAt({ keep, removes, reason, doubt, change }) {
  const percent = `readers keep ${Math.round(100 * keep)} % of such regions`;
  if (doubt) {
    const voxels = counted(Math.round(change));
    return `In doubt: ${percent}; it ${removes ? "does not count" : "counts"} in the proposed volume; expected change ${voxels} voxels`;
  }
  const why = reason === "other" ? "no likely reason" : `probably ${reason}`;
  return `Proposal: ${removes ? `remove, ${why}` : "keep"} (${percent})`;
}

function drawHistogram(scale, { edges, counts, thresholds: { lower, upper } }) {
  const mark = (value, colour) =>
    drawn("path", { d: `M${scale.x(value)} ${scale.top}V${scale.bottom}`, stroke: colour, "stroke-width": 3 });
  return [...bars(scale, edges, counts), mark(lower, YELLOW), mark(upper, RED)];
}
