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
# (page-workflow-helps)=
# # Does the workflow help?
#
# :::{admonition} On this page
# **You will** hold the overlap of cleaned masks against that of manual ones, ask how much of it the readers owe to what they were both given, and see how near {term}`cleaning` by whole
# regions can come to a drawing.
#
# **You need** [](#page-cleaning) and [](#page-by-hand).
#
# **It takes** 20 minutes.
# :::
#
# ## Question
#
# In the preprint the median {term}`Dice` of two readers rose from 0.53–0.56 by hand to 0.84 with the workflow, "an increase of 28-31%" {cite:p}`hepburn2021preprint`. How large is the gain in
# each scan? And as both readers start from the same {term}`candidates <candidate>`: how much would they agree if they did nothing?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import vhi
from book.drawings import readers as page_figures
from vhi.papers import agrees, printed_numbers, published_overlap
from vhi.reader_study import (
    add_published,
    ceiling_table,
    cleaning_table,
    draw_ceiling,
    draw_overlaps,
    is_cleaned,
    load_readings,
    overlap_summary,
    overlap_table,
    overlaps_of,
    paired_gains,
)
from vhi.statistics import dice
from vhi.uncertainty import inflammation_at


def with_two_readers(source):
    """Return the readings that hold manual masks of two readers at least."""
    every = load_readings(vhi.load_cases(source))
    return [each for each in every if len({one.reader for one in each.manual}) > 1]


readings = with_two_readers(SOURCE)
if not readings:
    print("No case here has manual masks of two readers; the page goes on with the phantom.")
    SOURCE = "phantom"
    readings = with_two_readers(SOURCE)
simulated = SOURCE == "phantom"
measured = [vhi.measure(each.case) for each in readings]
rows = overlap_table(readings, surfaces=False)
if SOURCE == "study":  # the authors published values of masks that they did not publish
    rows = add_published(rows, published_overlap())
print(f"{len(readings)} scans, source {readings[0].case.source}.")
if simulated:
    print("Scans and readers are simulated: nothing below is anybody's reading.")

# %% tags=["hide-input"]
reader_of = {s.name: s.reader for each in readings for s in each.segmentations}
reader_of |= {"R1": "1", "R2": "2"} if SOURCE == "study" else {}
across = rows[rows["first"].map(reader_of) != rows["second"].map(reader_of)]
by_hand, cleaned = (overlaps_of(across, cleaned=cleaned) for cleaned in (False, True))
kept = across[across["first"].map(is_cleaned) & across["second"].map(is_cleaned)]
for source in kept["source"].unique():
    print(f"Dice of the readers' cleaned masks: {source}")
if kept.empty:
    print("No cleaned masks of two readers here: what follows is about manual masks alone.")

# %% [markdown]
# *Published*: the value is the authors' own, scan by scan, since the masks themselves are not in the copy of their data that this page is built from. *Recomputed*: from masks.
#
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-workflow-helps", "caption": "Dice between two readers; n, the number of scans, is below each box. Left: cleaned masks, in the form of Figure 4c of the preprint. Right: the same beside the manual pairs, points of one scan joined; red bar at the left of a box: order-statistic interval of the median. On the phantom edition scans and readers are simulated. Takeaway: most scans gain, not all, and the gain is best read along the lines."}, "image": {"alt": "Left one boxplot of Dice of cleaned masks with points of single scans, most of them above 0.6. Right four boxplots of manual pairs, lower, and the cleaned pair, higher, with thin lines that join the points of each scan."}}
intervals = {
    f"{p.first}–{p.second}": (p.median_low, p.median_high)
    for p in overlap_summary(across).itertuples()
}
fig, (left, right) = plt.subplots(
    1, 2, figsize=(11, 4), sharey=True, layout="constrained", width_ratios=(1, 3)
)
draw_overlaps(left, cleaned, title="cleaned (Figure 4c)", simulated=simulated)
look = {"linked": True, "intervals": intervals, "simulated": simulated}
draw_overlaps(right, pd.concat([by_hand, cleaned]), title="by hand, and cleaned", **look)
right.label_outer()
left.set_ylim(-0.02, 1.02)
plt.show()

# %% [markdown]
# ## Code
#
# ### A gain of what?
#
# "28-31%" can be read in three ways. As the difference of two medians, in hundredths of Dice; *relative* to Dice by hand; or as the median of the gains that single scans have made,
# *paired*, which is what somebody who looks at one scan would notice. They are not the same number:

# %%
hand = by_hand.pivot(index="scan", columns="pair", values="dice")
gains = []
for pair in dict.fromkeys(zip(across["first"], across["second"], strict=True)):
    for last in dict.fromkeys(zip(kept["first"], kept["second"], strict=True)):
        if is_cleaned(pair[0]) or is_cleaned(pair[1]):
            continue
        own = paired_gains(rows, of=last, over=pair)
        both = hand[f"{pair[0]}–{pair[1]}"][own.index]
        before, after = both.median(), (both + own).median()
        row = {"over": f"{pair[0]}–{pair[1]}", "n": len(own), "of medians": after - before}
        row |= {"relative %": 100 * (after / before - 1), "paired": own.median()}
        gains.append(row | {"lowest": own.min(), "scans that lose": (own < 0).sum()})
gains = pd.DataFrame(gains)
print(
    gains.to_string(index=False, float_format="{:.3f}".format) if len(kept) else "no cleaned masks"
)

# %% tags=["remove-input"]
if len(kept):
    last = cleaned[cleaned["pair"] == cleaned["pair"].iloc[0]].set_index("scan")["dice"]
    mean = hand.mean(axis=1)
    lower = [scan for scan, value in last.items() if value < mean[scan]]
    print(
        fill(
            f"The difference of medians is {gains['of medians'].min():.2f} to {gains['of medians'].max():.2f}, the median of "
            f"paired gains {gains['paired'].min():.2f} to {gains['paired'].max():.2f}, n = {len(last)} scans. Below the mean of its "
            f"manual pairs: {', '.join(lower) or 'no scan'}."
        )
    )
if SOURCE == "study":
    printed = printed_numbers()
    claimed = printed.loc["hepburn-dice-gain"]
    for text, ours in (
        (claimed.low, gains["of medians"].min()),
        (claimed.high, gains["of medians"].max()),
    ):
        verdict = "agrees" if agrees(text, 100 * ours) else "DIFFERENT"
        print(f"in the preprint {text}%, here {100 * ours:.1f} hundredths of Dice: {verdict}")
    median = last.median()
    said = printed.loc["hepburn-dice-cleaned", "value"]
    verdict = "agrees" if agrees(said, median) else "DIFFERENT"
    print(f"median of cleaned masks in the preprint {said}, here {median:.4f}: {verdict}")

# %% [markdown]
# ### The null: no cleaning at all
#
# Both readers get the same {term}`normal bone`, so the same threshold, in the same {term}`disease region`. If neither removed anything, their masks would be one and the same:

# %%
nothing = pd.concat([cleaning_table(*both) for both in zip(readings, measured, strict=True)])
nothing = nothing.set_index("scan")
nothing = nothing.rename(
    columns={"uncleaned_voxels": "candidates", "uncleaned_dice": "both do nothing"}
)
for row in kept.to_dict("records"):
    pair = f"{row['first']}–{row['second']}"
    nothing.loc[row["scan"], f"left by {row['first']}"] = row["first_voxels"]
    nothing.loc[row["scan"], f"left by {row['second']}"] = row["second_voxels"]
    nothing.loc[row["scan"], f"Dice {pair}"] = row["dice"]
hidden = ["subject", "stand_in_voxels", "manual_masks"]
print(nothing.drop(columns=hidden).to_string(float_format="{:.5g}".format))

# %% [markdown]
# So 0 is not what chance would give: agreement starts with what both are given. Two people who keep shares $p$ and $q$ of the same candidates *at random* already reach a Dice of about
# $2pq/(p+q)$, which is high where nearly everything is kept. What the readers add is the way from there.

# %% tags=["hide-input"]
points = {}
for row in kept.to_dict("records"):
    start = nothing["candidates"][row["scan"]]
    one, two = row["first_voxels"] / start, row["second_voxels"] / start
    points[row["scan"]] = (2 * one * two / (one + two) if one + two else np.nan, row["dice"])

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-shared-start", "caption": "Dice of the two readers' cleaned masks against the Dice of two who keep as many voxels of the same candidates at random, one point for each scan (n = 8 scans in the study). Grey line: no better than that. On the phantom edition scans and readers are simulated. Takeaway: the highest overlap is reached where next to nothing had to be removed; what the readers add shows in how far a point lies above the line."}, "image": {"alt": "A scatter plot of scans, named by their numbers, with a diagonal line. Most points lie above the diagonal; one lies near its upper end, where nearly all candidates were kept."}}
fig, axes = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
page_figures.draw_shared_start(axes, points, simulated=simulated)
plt.show()

# %% tags=["remove-input"]
if points:
    most = max(points, key=lambda scan: points[scan][0])
    least = min(points, key=lambda scan: points[scan][1])
    for word, scan in (("Most kept", most), ("Lowest Dice", least)):
        print(
            f"{word}: scan {scan}, by chance {points[scan][0]:.2f}, reached {points[scan][1]:.2f}."
        )

# %% [markdown]
# In practice the second reader, in another hospital, would draw her own normal bone. Here the area is cut into its first and its last slices, half of the voxels each; each reader gets one half, and again
# neither removes anything. A half is smaller than an area that anybody would draw, so this is on the hard side ([](#page-area)).


# %%
def own_areas(measurement):
    """Return the Dice of two who remove nothing, each with one half of the normal bone."""
    slices = np.argwhere(measurement.normal_bone.array)[:, measurement.stir.slice_axis]
    in_order = measurement.intensities[np.argsort(slices, kind="stable")]
    try:
        halves = [vhi.estimate_thresholds(half) for half in np.array_split(in_order, 2)]
    except vhi.InputError:
        return np.nan  # no threshold follows from one of them
    return dice(*(inflammation_at(measurement.candidates, half.lower) for half in halves))


apart = {each.scan: own_areas(m) for each, m in zip(readings, measured, strict=True)}
print(", ".join(f"{scan} {value:.2f}" for scan, value in apart.items()))

# %% tags=["remove-input"]
there = [value for value in apart.values() if np.isfinite(value)]
print(
    fill(
        f"Two who do nothing, each with a half of the normal bone, have a median Dice of {np.median(there):.2f} "
        f"({min(there):.2f} to {max(there):.2f}), n = {len(there)} scans."
    )
)
if len(kept):
    print(f"The readers' cleaned masks, with one area for both: {last.median():.2f}.")

# %% [markdown]
# This says nothing against the workflow: sharing a threshold is part of its merit. It says that the Dice of two who share everything but the last step measures that step, and not how near either
# came to what is inflamed.
#
# ### How far whole regions can get
#
# A reader who cleans keeps or removes; the threshold has drawn the outlines. Where do the voxels lie that readers marked by hand?

# %%
shares = pd.concat([ceiling_table(*both) for both in zip(readings, measured, strict=True)])
columns = {"below_in_region_share": "below threshold", "outside_region_share": "outside bone"}
columns |= {"removed_as_small_share": "small regions", "reachable_share": "candidates left"}
columns |= {"ceiling_dice": "ceiling", "uncleaned_dice": "not cleaned", "stand_in_dice": "stand-in"}
mean = shares.groupby("scan", sort=False)[list(columns)].mean().rename(columns=columns)
print("mean of a scan's manual masks: shares of the voxels marked, then Dice")
print(mean.to_string(float_format="{:.3f}".format))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-ceiling", "caption": "Dice with each manual mask, a row for each scan (n = 8 scans with four manual masks each in the study; five simulated ones in the phantom edition). Bars: the candidates as they are. Circles: the best that any choice of whole regions can reach. Crosses, where readers' cleaned masks are here: what they reached. Takeaway: the threshold sets a ceiling that no cleaning can break, and it differs widely between scans."}, "image": {"alt": "A chart with a row for each scan. Grey bars of uncleaned candidates lie at the left, blue circles of the ceiling to the right of them, between 0.2 and 0.9."}}
reached = [
    {"scan": each.scan, "reached_dice": dice(one.mask, manual.mask)}
    for each in readings
    for one in each.segmentations
    for manual in each.manual
    if one.cleaned and manual.mask.any()
]
drawn = shares[shares["marked_voxels"] > 0]
fig, axes = plt.subplots(figsize=(8, 1.6 + 0.42 * len(readings)), layout="constrained")
draw_ceiling(axes, pd.concat([drawn, pd.DataFrame(reached)]), simulated=simulated)
plt.show()

# %% tags=["remove-input"]
below = drawn["below_in_region_share"]
print(
    fill(
        f"Between {below.min():.0%} and {below.max():.0%} of what a manual mask holds lies in the disease region but below the lower "
        f"threshold. Perfect cleaning by whole regions reaches a Dice of {drawn['ceiling_dice'].min():.2f} to "
        f"{drawn['ceiling_dice'].max():.2f} with a manual mask, n = {len(drawn)} masks of {len(readings)} scans."
    )
)

# %% [markdown]
# *Stand-in* is the consensus-guided cleaning, as [](#stand-in) does it on the study's scans: it keeps the regions that hold a voxel which at least two manual masks mark. It has seen the masks that it is held against, so its column is
# no measure of a method, and it is nobody's reading. What it leaves, beside what readers left where that is known:

# %%
nothing = nothing.rename(columns={"stand_in_voxels": "left by stand-in"})
left_by = [name for name in nothing.columns if name.startswith("left by")]
print("voxels")
print(nothing[["candidates", *left_by]].to_string(float_format="{:.0f}".format))
short_of = (drawn["ceiling_dice"] - drawn["stand_in_dice"]).median()
print(f"The stand-in stays {short_of:.2f} of Dice below the ceiling in the median manual mask.")

# %% [markdown]
# ## Check
#
# The ceiling was found by trying as many choices as there are regions, not all of them; nothing may lie above it. And the four shares must make up the whole.

# %%
whole = drawn[list(columns)[:4]].sum(axis=1)
print(f"shares add up to 1: {bool(np.allclose(whole, 1))}")
for other in ("uncleaned_dice", "stand_in_dice"):
    above = int((drawn[other] > drawn["ceiling_dice"] + 1e-12).sum())
    print(f"{other} above the ceiling: {above} of {len(drawn)}{' WRONG' if above else ''}")
print(f"no cleaning gives Dice 1 in every scan: {bool((nothing['both do nothing'] == 1).all())}")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# With the workflow two readers agree better in most scans. Part of that is given to both before they begin, and all of it is agreement with each other: the threshold
# bounds how near a cleaned mask can come to what either would have drawn.
# :::
#
# ## Exercise
#
# :::{admonition} A fairer null
# :class: seealso
# Suppose both readers leave the same *number* of voxels as they did, but take the brightest candidates, without looking at anything else. What Dice would their masks have in each scan? Is it above or
# below what they reached, and what does that say?
#
# The solution is folded below. It needs nothing but the two volumes: the smaller mask lies within the larger one.
# :::

# %% tags=["hide-cell"]
for row in kept.to_dict("records"):
    one, two = row["first_voxels"], row["second_voxels"]
    brightest = 2 * min(one, two) / (one + two) if one + two else 1.0
    print(f"scan {row['scan']:11} brightest voxels {brightest:.2f}, readers {row['dice']:.2f}")
if kept.empty:
    print("no cleaned masks of two readers here")

# %% [markdown]
# :::{dropdown} Solution in words
# Two who go by brightness alone have nested masks, whose Dice equals their volume similarity: the highest that masks of these two sizes can have. The readers cannot lie above it. So a high Dice cannot
# tell careful judgement from a shared rule of thumb; only something outside the two readers can. That is what a reference is for: [](#page-composite).
# :::
