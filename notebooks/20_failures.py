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
# (page-disagreements)=
# # Where readers disagree
#
# :::{admonition} On this page
# **You will** list the scans to look at again, by the preprint's rule and by two others, find the regions behind a difference, and see why such a list is no rate of failure.
#
# **You need** [](#page-cleaning).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# Two readers clean the same scan and come to different volumes. The preprint looks again at every scan in which they differ by "more than two standard deviations from 0". It names 3 of
# 58 and shows them in its Figure S4: two disagreements are called anatomical, one artefactual {cite:p}`hepburn2021preprint`. Which scans does the rule name on data that can be seen here, where in
# them do the readers differ, and what does "3 of 58" say?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
from dataclasses import replace
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import vhi
from book.drawings.failures import draw_shares
from vhi.images import orientation
from vhi.papers import published_overlap
from vhi.reader_study import (
    add_published,
    count_classes,
    disagreement_table,
    draw_flagged,
    draw_side_by_side,
    failure_table,
    is_cleaned,
    load_readings,
    overlap_table,
    volume_pairs,
)
from vhi.statistics import worklist

readings = load_readings(vhi.load_cases(SOURCE))
if not any(len({each.reader for each in scan.segmentations}) > 1 for scan in readings):
    print(f"No scan of {SOURCE} has masks of two readers, so this page shows the phantom instead.")
    SOURCE = "phantom"
    readings = load_readings(vhi.load_cases(SOURCE))
SIMULATED = SOURCE == "phantom"
recomputed = overlap_table(readings, surfaces=False)
overlap = add_published(recomputed, published_overlap()) if SOURCE == "study" else recomputed


# %% tags=["hide-input"]
def manual_pair(scan):
    """Return the names of the first manual masks of a scan's first two readers."""
    firsts = {}
    for each in scan.manual:
        firsts.setdefault(each.reader, each.name)
    return tuple(firsts.values())[:2]


manual = next((names for names in map(manual_pair, readings) if len(names) == 2), None)
both = list(zip(overlap["first"], overlap["second"], strict=True))
cleaned = next((names for names in both if all(map(is_cleaned, names))), None)
pair = volume_pairs(overlap, SOURCE, simulated=SIMULATED)[cleaned or manual]
here = any(names == cleaned for names in both[: len(recomputed)])
masks = cleaned if here else manual
print(f"Readers of source {SOURCE}{', scans and readers simulated' if SIMULATED else ''}:")
readings = [each for each in readings if {*masks} <= {s.name for s in each.segmentations}]
kind = "cleaned" if cleaned else "manual"
print(
    f"volumes: {kind} masks {' and '.join(pair.readers)}, n = {len(pair.first)} scans, {pair.data.split(', ')[1]}"
)
print(
    f"masks:   {'cleaned' if masks == cleaned else 'manual'} masks {' and '.join(masks)}, n = {len(readings)} scans"
)

# %% tags=["remove-input"]
if SOURCE == "study" and masks != cleaned:
    print(
        fill(
            "The authors published the volumes of the two readers' cleaned masks; the masks themselves are not what this page is built from. So volumes "
            "below are of cleaned masks, and pictures show manual ones. None of these eight scans is known to be one of the preprint's three."
        )
    )

# %% [markdown]
# ## Picture
#
# The scan in which the two volumes differ most *by ratio*, and the places in it where the readers' masks differ most.

# %% tags=["hide-input"]
known = (pair.first > 0) & (pair.second > 0)
ratios = np.divide(pair.first, pair.second, out=np.ones_like(pair.first), where=known)
outlier = int(np.abs(np.log(ratios)).argmax())
scan = next(each for each in readings if each.scan == pair.patients[outlier])
measurement = vhi.measure(scan.case)
one, two = (
    scan.whole(next(each.mask for each in scan.segmentations if each.name == name)).array
    for name in masks
)
parts = disagreement_table(scan, *masks, most=10_000)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-side-by-side", "caption": "The up to three largest disagreements in the scan whose volumes differ most by ratio (n = 1 scan, one row each; scan and volumes in the text below), as in the preprint's Figure S4: the first reader's outline, the second reader's, and the voxels that only the first (yellow) or only the second (red) marked, on STIR. Takeaway: a number that differs becomes a few places that one can look at and argue about."}, "image": {"alt": "Up to three rows of three close views of an oblique coronal STIR slice: blue outline of the first reader, of the second reader, then yellow and red voxels where they differ."}}
stir, view = measurement.stir, orientation.view_of(measurement.stir)
window = orientation.window_of(stir, measurement.disease_region.array)
shown = parts[:3]
fig, grid = plt.subplots(
    max(len(shown), 1), 3, figsize=(9, 3 * max(len(shown), 1)), squeeze=False, layout="constrained"
)
for panels, part in zip(grid, shown.to_dict("records"), strict=False):
    place = [part["i"], part["j"], part["k"]]
    near = np.zeros(stir.shape, bool)
    near[
        tuple(
            slice(max(v - 14, 0), v + 15) if a != stir.slice_axis else v
            for a, v in enumerate(place)
        )
    ] = True
    look = {
        "window": window,
        "box": orientation.box_of(stir.with_array(near), view),
        "simulated": SIMULATED,
    }
    draw_side_by_side(panels, stir, place[stir.slice_axis], one, two, readers=masks, **look)
plt.show()

# %% tags=["remove-input"]
first, second = pair.first[outlier], pair.second[outlier]
print(
    fill(
        f"Scan {scan.scan}: {first:,.0f} voxels by {pair.readers[0]} and {second:,.0f} by {pair.readers[1]}, {max(ratios[outlier], 1 / ratios[outlier]):.1f} times. "
        f"In the masks {masks[0]} and {masks[1]} of it {len(parts)} regions differ."
    )
)

# %% [markdown]
# ## Code
#
# ### Three worklists
#
# The preprint's limit is twice the standard deviation of the differences. One large difference widens the very limit that is to find it. A *robust* rule takes the median of the
# differences' sizes instead, scaled so that it comes to the same where differences are normal.

# %%
rows = failure_table(pair).rename(columns={"patient": "scan"})
columns = ["scan", "first", "second", "difference", "beyond_two_sd", "beyond_robust"]
print(f"Volumes in voxels, difference {' − '.join(pair.readers)}:")
print(rows[columns].to_string(index=False, float_format="%.0f"))

# %% tags=["remove-input"]
two_sd, robust = (worklist(pair.first, pair.second, rule=rule) for rule in ("two-sd", "robust"))


def listed(result, names=pair.patients):
    """Say which scans are on a worklist."""
    return f"{len(result.order)} of {result.n}" + (
        f" ({', '.join(names[i] for i in result.order)})" if result.order else ""
    )


print(
    fill(
        f"Beyond 2 SD = {two_sd.limit:,.0f} voxels: {listed(two_sd)}. Beyond the robust limit of {robust.limit:,.0f} voxels: {listed(robust)}. The largest difference, "
        f"{np.abs(two_sd.differences).max():,.0f} voxels, is {np.abs(two_sd.differences).max() / two_sd.limit:.0%} of the preprint's limit."
    )
)

# %% [markdown]
# Either rule sees voxels, so that a scan with much inflammation comes first, and one with little could be wrong several times over and never be listed. On logarithms both rules see ratios instead:

# %%
names = [name for name, there in zip(pair.patients, known, strict=True) if there]
first, second = np.log(pair.first[known]), np.log(pair.second[known])
logs = replace(pair, first=first, second=second, patients=names, unit="log ratio")
rows = failure_table(logs).rename(columns={"patient": "scan"})
rows["ratio"] = np.exp(rows["difference"])
columns = ["scan", "ratio", "beyond_two_sd", "beyond_robust"]
print(f"{np.count_nonzero(~known)} scans have a volume of 0 and no ratio.")
print(rows[columns].to_string(index=False, float_format="%.2f"))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-worklists", "caption": "Differences of two readers' volumes, first − second, in order of size; left in voxels, right as the natural logarithm of the ratio; n, the number of scans, stands in the text above. Dashed: the preprint's limit, 2 SD from 0; dotted: the robust limit. Red: on a worklist by either rule. Takeaway: the unit decides which scan is looked at again."}, "image": {"alt": "Two panels of points in rising order with dashed and dotted horizontal limits on both sides of zero; scans beyond a limit are red and named."}}
fig, panels = plt.subplots(1, 2, figsize=(10, 3.9), layout="constrained")
for axes, each, title in zip(panels, (pair, logs), ("volumes", "ratios"), strict=True):
    lists = {
        "2 SD": worklist(each.first, each.second),
        "robust": worklist(each.first, each.second, rule="robust"),
    }
    limits = {name: found.limit for name, found in lists.items()}
    flagged = lists["2 SD"].flagged | lists["robust"].flagged
    draw_flagged(axes, each, limits, flagged=flagged, title=title)
plt.show()

# %% tags=["remove-input"]
log_sd, log_robust = (worklist(logs.first, logs.second, rule=rule) for rule in ("two-sd", "robust"))
print(
    fill(
        f"By ratio the preprint's rule lists {listed(log_sd, names)}, beyond {np.exp(log_sd.limit):.2f} times; the robust rule {listed(log_robust, names)}, beyond {np.exp(log_robust.limit):.2f} times. "
        f"With n = {len(names)} scans no list here says more than where to look first."
    )
)

# %% [markdown]
# ### Why this scan
#
# What could a reader have left in it? Cleaning keeps or removes whole {term}`regions <region>`, so each candidate region can be asked how many of the manual masks reach into it.

# %%
kept = measurement.kept.array > 0
numbered, count = vhi.label_regions(kept, slice_axis=stir.slice_axis)
votes = sum(scan.whole(each.mask).array.astype(int) for each in scan.manual)
reached = {}
for needed in range(1, len(scan.manual) + 1):
    hit = np.zeros(count + 1, bool)
    hit[numbered[votes >= needed]] = True
    hit[0] = False
    reached[needed] = np.count_nonzero(hit[numbered])
    print(f"in regions where {needed} or more manual masks meet: {reached[needed]:6} voxels")
print(f"all candidates of scan {scan.scan}: {np.count_nonzero(kept)} voxels")

# %% tags=["remove-input"]
first, second = pair.first[outlier], pair.second[outlier]
larger = int(first < second)
most, least = max(first, second), min(first, second)
anybody = reached.get(1, 0)
said = [f"{pair.readers[larger]} left {most:,.0f} voxels, {pair.readers[1 - larger]} {least:,.0f}."]
if cleaned and most > anybody:
    said.append(
        f"The regions that any manual mask of either reader reaches hold only {anybody:,}. As long as {pair.readers[larger]} chose among these candidates, at least {most - anybody:,.0f} of the "
        "voxels lie in regions that nobody outlined by hand, that reader in no trial either."
    )
elif cleaned:
    said.append(
        f"The regions that any manual mask reaches hold {anybody:,}: both volumes can be made of these."
    )
if scan.truth is not None:
    inflamed = scan.whole(scan.truth).array
    said.append(
        f"Truly inflamed are {np.count_nonzero(inflamed):,} voxels of this simulated scan, {np.count_nonzero(inflamed & kept):,} of them candidates."
    )
trials = ", ".join(f"{each.name} {np.count_nonzero(each.mask):,}" for each in scan.manual)
said.append(f"The manual masks hold: {trials} voxels.")
print(fill(" ".join(said)))

# %% [markdown]
# A scan with little inflammation is an easy place to differ by ratio: few voxels are sure, and many more are offered. Which reader was right cannot be told from masks of readers.
#
# ### The regions behind the difference
#
# A *disagreement* here is a connected part of what two masks mark together (across slices, diagonals included) in which they are not equal. Two outlines of one {term}`lesion` are one part.

# %%
every = [disagreement_table(each, *masks, most=10_000) for each in readings]
every = pd.concat(every, ignore_index=True)
rows = []
for name, own in every.groupby("scan", sort=False):
    alone = own["both"].eq(0) & (own["first_only"].eq(0) | own["second_only"].eq(0))
    share = own["share_of_difference"]
    rows.append({"scan": name, "regions": len(own)})
    rows[-1] |= {"voxels": own["first_only"].sum() + own["second_only"].sum()}
    rows[-1] |= {"in largest": share.iloc[0], "in three": share.iloc[:3].sum()}
    rows[-1] |= {"one alone": share[alone].sum()}
print(pd.DataFrame(rows).to_string(index=False, float_format="{:.0%}".format))

# %% [markdown]
# *voxels*: in which the two masks differ; then the shares of these in the largest region, in the three largest, and in regions that only one reader marked at all.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-shares", "caption": "The regions in which the two readers' masks differ, scan by scan, the largest first; each bar is one region's share of the voxels that differ (n = scans, and which masks they are: above). Grey: both readers marked something there, so that they differ in the outline; yellow and red: one reader alone. Takeaway: a few regions hold much of a difference, and the colour says whether it is about an outline or about a whole region."}, "image": {"alt": "Horizontal stacked bars, one for each scan, all of length one: grey, yellow and red pieces that get smaller to the right."}}
fig, axes = plt.subplots(figsize=(9, 1.4 + 0.35 * len(readings)), layout="constrained")
draw_shares(axes, every, readers=masks, simulated=SIMULATED)
plt.show()

# %% tags=["remove-input"]
top = every[every["rank"] <= 3].groupby("scan")["share_of_difference"].sum()
outline = every[every["both"] > 0].groupby("scan")["share_of_difference"].sum()
outline = outline.reindex(top.index, fill_value=0.0)
print(
    fill(
        f"The three largest regions hold {top.min():.0%} to {top.max():.0%} of a scan's difference (median {top.median():.0%}, n = {len(top)} scans); regions with voxels that both readers marked, "
        f"so that they differ in where inflammation ends, hold {outline.min():.0%} to {outline.max():.0%} (median {outline.median():.0%})."
    )
)

# %% [markdown]
# ### Reasons
#
# The preprint sorts the listed scans into three classes. No code can: somebody has to look at the scan. What code can do is keep the judgement beside the number, so that it can be counted; in a
# table of your own the column `disagreement` does that.

# %%
from vhi.statistics import CLASSES

for name, meaning in CLASSES.items():
    print(f"{name:17} {meaning}")
print("listed here by 2 SD:", count_classes(failure_table(pair)))

# %% [markdown]
# ## Check
#
# ### Nothing is lost
#
# The regions' voxels must add up to all voxels in which the masks differ, in every scan.

# %%
broken = 0
for each in readings:
    a, b = (next(s.mask for s in each.segmentations if s.name == name) for name in masks)
    own = every[every["scan"] == each.scan]
    broken += np.count_nonzero(a ^ b) != (own["first_only"] + own["second_only"]).sum()
print(f"{len(readings)} scans: " + ("the voxels add up" if not broken else f"{broken} BROKEN"))

# %% [markdown]
# ### A worklist, not a failure rate
#
# The rule measures differences by their own spread. So it lists some scans of *any* data, the best readers' included:

# %%
from vhi.papers import printed_numbers
from vhi.statistics import coverage_note, exact_proportion

printed = printed_numbers().loc["hepburn-failures"]
share = exact_proportion(int(printed.value), int(printed.n))
print(f"the preprint: {share.count} of {share.n} scans, {share.share:.1%}")
print(f"its 95 % interval: {share.low:.1%} to {share.high:.1%}")
expected = two_sd.expected / two_sd.n
print(f"normal differences about 0: {expected:.1%}, or {share.n * expected:.1f} of {share.n}")
held = coverage_note("share, exact", share.n // 2, scans=2)  # two scans a patient
print(fill(f"How often such an interval holds over two scans of each patient: {held}."))

# %% [markdown]
# So the preprint's count is about what differences without any failure would give. The interval treats the 58 scans as independent, but each of 29 patients has two, so it holds less often than stated.
#
# :::{admonition} Takeaway
# :class: tip
# A rule of two standard deviations makes a list of scans to look at, about one in twenty of any. Make it in voxels *and* by ratio, look at the few regions that hold the difference, write down why, and count reasons, not list entries.
# :::
#
# ## Exercise
#
# :::{admonition} 58 scans with nothing wrong
# :class: seealso
# Make 58 pairs of measurements that differ by chance alone, list them by both rules, and do that a thousand times. How many scans are listed on average, how often none, how often three or more?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
random = np.random.default_rng(1)
for rule in ("two-sd", "robust"):
    counts = []
    for _ in range(1000):
        simulated = random.standard_normal((2, 58))
        counts.append(len(worklist(*simulated, rule=rule).order))
    counts = np.array(counts)
    print(
        f"simulated, {rule:7} mean {counts.mean():.1f}, none {np.mean(counts == 0):.0%}, three or more {np.mean(counts >= 3):.0%}"
    )
