# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (page-composite)=
# # The composite reference
#
# :::{admonition} On this page
# **You will** make a reference out of readers' masks by majority, in every way that the masks allow, and find out what it does to the masks that it is made of.
#
# **You need** [](#page-by-hand) and [](#page-workflow-helps).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# Nobody knows what was inflamed. The preprint lets the masks vote: a voxel counts as inflamed where at least three of two manual and two {term}`cleaned <cleaning>` masks mark it, and by this *composite
# reference* the cleaned masks are better than the manual ones, with a median {term}`Dice` of 0.76 and 0.86 against 0.61 and 0.55 {cite:p}`hepburn2021preprint`. But the jury is also the accused. How much
# does that matter?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import vhi
from book.drawings.readers import draw_votes
from vhi.images import orientation
from vhi.papers import printed_numbers
from vhi.reader_study import (
    BOTH_METHODS,
    KINDS,
    KNOWN,
    MANUAL,
    OTHER_READER,
    OWN_LEFT_OUT,
    composite_figure,
    draw_overlaps,
    load_readings,
    reference_table,
    references,
)
from vhi.statistics import dice, majority

readings = [
    each
    for each in load_readings(vhi.load_cases(SOURCE))
    if len(each.manual) > 3 and len({hand.reader for hand in each.manual}) > 1
]
if not readings:
    print("No case here has four manual masks of two readers; the page goes on with the phantom.")
    SOURCE = "phantom"
simulation = load_readings(vhi.load_cases("phantom"))
simulated = SOURCE == "phantom"
readings = simulation if simulated else readings
print(f"{len(readings)} scans, source {readings[0].case.source}.")
if simulated:
    print("Scans and readers are simulated: nothing below is anybody's reading.")

# %% [markdown]
# ## Picture

# %% tags=["hide-input"]
by_size = sorted(readings, key=lambda each: sum(hand.mask.sum() for hand in each.manual))
scan = by_size[2 * len(by_size) // 3]
stir = vhi.load_image(scan.case.stir)
hands = [scan.whole(each.mask).array for each in scan.manual]
readers = list(dict.fromkeys(each.reader for each in scan.manual))
last = [m for m, each in zip(hands, scan.manual, strict=True) if each.reader == readers[-1]]
juries = {"all manual masks": hands, f"without {scan.manual[0].name}": hands[1:]}
juries |= {f"reader {readers[-1]} alone": last}
votes = np.sum(hands, axis=0)
(index,) = orientation.fullest_slices(votes, stir.slice_axis, 1)
window = orientation.window_of(stir, votes > 0)
others = tuple(axis for axis in range(3) if axis != stir.slice_axis)
at = np.arange(votes.shape[stir.slice_axis]) == index
box = orientation.box_of(
    stir.with_array((votes > 0) & np.expand_dims(at, others)), orientation.view_of(stir)
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-juries", "caption": "One slice of STIR (n = 1 scan, with more marked than in most) with the number of masks that mark each voxel, yellow for one, red for all, and the reference that more than half of them make (dark line): all manual masks; without the first; one reader's trials alone, both of which must mark a voxel. On the phantom edition the scan and its readers are simulated. Takeaway: the reference depends on who sits on the jury, most where few agree."}, "image": {"alt": "Three close views of one oblique coronal STIR slice. Marked voxels are coloured from yellow to red by the number of masks, with a dark outline around those that most masks mark; the outline differs a little between the pictures."}}
fig, panels = plt.subplots(1, len(juries), figsize=(11, 3.9), layout="constrained")
for axes, (name, jury) in zip(panels, juries.items(), strict=True):
    bar = len(jury) // 2 + 1
    draw_votes(
        axes, stir, index, np.sum(jury, axis=0), of=len(jury), outline=majority(jury, at_least=bar),
        box=box, window=window, title=f"{name}: at least {bar} of {len(jury)}", simulated=simulated,
    )  # fmt: skip
plt.show()

# %% tags=["remove-input"]
for name, jury in juries.items():
    mask = majority(jury, at_least=len(jury) // 2 + 1)
    print(f"scan {scan.scan}, {name}: {np.count_nonzero(mask)} voxels")

# %% [markdown]
# ## Code
#
# ### Every reference that the masks allow
#
# The preprint does not name the manual {term}`trials <trial>` that it took, so all choices are made. Beside its reference stand others that do not hold what they judge.

# %%
made = {}
for each in readings:
    for one in references(each):
        row = made.setdefault((one.kind, one.members), {"scans": 0})
        row |= {"at least": one.at_least, "judges": " ".join(s.name for s in one.judged)}
        row["scans"] += 1
for (kind, members), row in made.items():
    print(f"{kind}: {row['at least']} of {' '.join(members) or 'the truth'}")
    print(f"    judges {row['judges']}, n = {row['scans']} scans")

# %% tags=["remove-input"]
rows = reference_table(readings)
paper = rows[rows["reference"] == BOTH_METHODS]
if SOURCE == "study" and paper.empty:
    printed = printed_numbers().loc["hepburn-composite-cleaned-r1"]
    print(fill(f"The preprint's own reference is not among them. {printed.why}"))

# %% [markdown]
# ### A jury that holds the accused
#
# First the manual masks alone. The same mask is judged by a majority that it is part of, by the majority of the others, and by the other {term}`reader` alone.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-composite", "caption": "Dice of segmentations with references made of manual masks, n, the number of scans, below each box; points of single scans, red: median. Left: the reference holds the manual masks that it judges. Middle: the majority of the others. Right: the other reader's trials alone. On the phantom edition scans and readers are simulated. Takeaway: the less of a mask is in its reference, the lower its Dice, though no mask has changed."}, "image": {"alt": "Three panels of boxplots of Dice between 0 and 1 for each manual mask, falling from the left panel to the right one, with points of single scans over them."}}
by_hand = rows[rows["reference"].isin([MANUAL, OWN_LEFT_OUT, OTHER_READER])]
composite_figure(by_hand, simulated=simulated)

# %%
table = by_hand.pivot_table(
    index=["segmentation", "scan"], columns="reference", values="dice", sort=False
)
table = table.dropna()  # cleaned masks are in none of these references
flattered = table.groupby("segmentation", sort=False).median()
flattered["gain by being in it"] = (
    (table[MANUAL] - table[OWN_LEFT_OUT]).groupby("segmentation", sort=False).median()
)
flattered.insert(0, "n", table.groupby("segmentation", sort=False).size())
print("median Dice over scans, and the median of paired differences")
print(flattered.to_string(float_format="{:.3f}".format))

# %% tags=["remove-input"]
gain, drop = flattered["gain by being in it"], flattered[MANUAL] - flattered[OTHER_READER]
print(
    fill(
        f"Sitting on the jury is worth {gain.min():.2f} to {gain.max():.2f} of Dice in the median scan; between that jury and the "
        f"other reader's alone the medians differ by {drop.min():.2f} to {drop.max():.2f}. n = {flattered['n'].min()} scans. The bar "
        "moves too: three of four is stricter than two of three."
    )
)

# %% [markdown]
# ### The paper's form
#
# Figure 5 of the preprint needs the cleaned masks. Where they are not here, the phantom's simulated readers stand in, so that the method can be seen; the numbers are then nobody's.

# %% tags=["hide-input"]
invented = simulated or paper.empty
five = reference_table(simulation) if paper.empty else rows
five = five[five["reference"] == BOTH_METHODS]
own = five[five["is_member"] == "yes"]
print(f"{'SIMULATED ' if invented else ''}readers, {own['scan'].nunique()} scans")
healthy = [each.scan for each in simulation if not each.truth.any()]
if invented and healthy:
    print(
        f"Nothing is inflamed in {', '.join(healthy)}: Dice there is 0, or 1 for two empty masks."
    )

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-five", "caption": "Dice of two manual and two cleaned masks with the reference that at least three of these four make, in the form of Figure 5 of the preprint, one panel for each choice of manual trials; n, the number of scans, below each box; red: median. Simulated scans and readers wherever a panel says so. Takeaway: two of the four votes are nearly the same mask, so cleaned masks would be expected to win by any choice."}, "image": {"alt": "Up to four panels of boxplots of Dice: two manual masks at the left of each panel with lower values, two cleaned masks at the right with higher ones."}}
choices = list(dict.fromkeys(own["members"]))
fig, panels = plt.subplots(
    1, len(choices), figsize=(2.9 * len(choices), 3.9), sharey=True, squeeze=False,
    layout="constrained",
)  # fmt: skip
for axes, members in zip(panels.flat, choices, strict=True):
    group = own[own["members"] == members]
    title = " ".join(members.split()[:2])
    draw_overlaps(axes, group, "segmentation", title=title, simulated=invented)
    axes.label_outer()
axes.set_ylim(-0.02, 1.02)
plt.show()

# %% tags=["remove-input"]
by_choice = own.groupby(["segmentation", "members"])["dice"].median()
for name, medians in by_choice.groupby("segmentation"):
    print(
        f"{name}: median Dice {medians.min():.3f} to {medians.max():.3f} over {len(medians)} choices"
    )

# %% [markdown]
# ### Held against the truth
#
# On the phantom what is inflamed is known. So the references themselves can be judged there: how far ahead are cleaned masks, by each of them? Simulated, in every edition of this page.

# %%
judged = reference_table(simulation)
judged = judged[judged["reference"].isin([BOTH_METHODS, MANUAL, OTHER_READER, KNOWN])]
cleaned = {s.name for each in simulation for s in each.segmentations if s.cleaned}
judged["method"] = np.where(judged["segmentation"].isin(cleaned), "cleaned", "manual")
judged = judged[(judged["reference"] != BOTH_METHODS) | (judged["is_member"] == "yes")]
each_scan = judged.groupby(["reference", "scan", "method"], sort=False)["dice"].mean().unstack()
ahead = each_scan.groupby("reference", sort=False)[["manual", "cleaned"]].median()
ahead["lead"] = (
    (each_scan["cleaned"] - each_scan["manual"]).groupby("reference", sort=False).median()
)
print(f"SIMULATED: median of {each_scan.index.get_level_values('scan').nunique()} scans")
print(ahead.to_string(float_format="{:.3f}".format))

# %% tags=["remove-input"]
lead = ahead["lead"].round(2) + 0.0
print(
    fill(
        f"In this simulation cleaned masks lead by {lead[BOTH_METHODS]:.2f} with the composite of both methods and by "
        f"{lead[KNOWN]:.2f} with the truth; with all manual masks, which hold the manual ones, by {lead[MANUAL]:.2f}, with the "
        f"other reader's alone by {lead[OTHER_READER]:.2f}. The readers' habits are chosen, not measured, so these sizes say "
        "nothing about people; that references of different members disagree does."
    )
)

# %% [markdown]
# A reference made of manual masks has a leaning too, toward outlines drawn by hand. None of these is the truth. Where all rank two methods alike, the ranking is better supported than by one; the size of the lead is not.
#
# ## Check
#
# Does any reference hold what it judges, other than those that say so? And is the composite what a count by hand gives?

# %%
inside = set(rows.loc[rows["is_member"] == "yes", "reference"])
print(f"references that hold what they judge: {', '.join(sorted(inside))}")
honest = inside <= {BOTH_METHODS, MANUAL}
print("no other does" if honest else "WRONG: they should not")
counted = np.sum([each.mask for each in scan.manual], axis=0) >= len(scan.manual) // 2 + 1
(reference,) = (each for each in references(scan) if each.kind == MANUAL)
print(f"counted by hand: {'same' if np.array_equal(counted, reference.mask) else 'DIFFERENT'}")
print(f"kinds of reference known: {len(KINDS)}, made here: {rows['reference'].nunique()}")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# A composite of the masks that it judges flatters all of them, and most those that vote alike. Two cleaned masks share threshold and outlines, so they are nearly one vote counted twice. Ask who sits on the
# jury, and look for a reference in which neither method has a seat.
# :::
#
# ## Exercise
#
# :::{admonition} Let the method that does nothing compete
# :class: seealso
# Replace both cleaned masks by the {term}`candidates <candidate>` as they are: the "method" of two readers who remove nothing ([](#page-workflow-helps)). Make the preprint's composite of them and one manual
# mask of each reader. How does doing nothing score with it, scan by scan, and how with a reader's own manual mask alone?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
result = []
for each in readings:
    candidates = vhi.measure(each.case).kept.array > 0
    one, two = (
        next(s for s in each.manual if s.reader == r)
        for r in list(dict.fromkeys(s.reader for s in each.manual))[:2]
    )
    first, second = each.whole(one.mask).array, each.whole(two.mask).array
    reference = majority([first, second, candidates, candidates], at_least=3)
    result.append({"scan": each.scan, "nothing, by hand alone": dice(candidates, first)})
    result[-1] |= {"nothing": dice(candidates, reference), one.name: dice(first, reference)}
    result[-1] |= {two.name: dice(second, reference)}
result = pd.DataFrame(result)
print(result.to_string(index=False, float_format="{:.2f}".format))
ahead = (result["nothing"] > result.iloc[:, 3:].max(axis=1)).sum()
print(f"doing nothing beats both manual masks in {ahead} of {len(result)} scans")

# %% [markdown]
# :::{dropdown} Solution in words
# With two of four votes, doing nothing decides nearly alone: the composite is the part of the candidates that either reader marked, so whatever lies below the threshold counts as a mistake of the
# readers, and they can no longer be right about it. Doing nothing can never score lower with it than with a manual mask alone, and as a rule scores higher, without having got any better.
# :::
