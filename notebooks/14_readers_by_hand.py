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
# (page-by-hand)=
# # How well do people agree by hand?
#
# :::{admonition} On this page
# **You will** compare masks that readers drew by hand, with themselves and with each other: where they lie, how large they are, how far their outlines are apart. And see
# how little a median of a few scans can say.
#
# **You need** [](#page-data).
#
# **It takes** 20 minutes.
# :::
#
# ## Question
#
# Before a computer helps anybody, one has to know how well people do alone. In the preprint two radiologists marked inflammation by hand on eight scans, twice each
# {cite:p}`hepburn2021preprint`. How much does a {term}`reader` agree with herself, and with the other?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
from dataclasses import replace
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import ndimage

import vhi
from book.drawings import readers as page_figures
from vhi.images import orientation
from vhi.papers import MANUAL_PAIRS, agrees, printed_numbers, published_overlap
from vhi.reader_study import (
    draw_bland_altman,
    draw_overlaps,
    draw_ratios,
    load_readings,
    overlap_summary,
    overlap_table,
    overlaps_of,
    volume_pairs,
)
from vhi.statistics import (
    coverage_note,
    dice,
    limits_of_agreement,
    median_interval,
    ratio_limits,
)

readings = [each for each in load_readings(vhi.load_cases(SOURCE)) if len(each.manual) > 1]
if not readings:
    print("No case here has two manual masks to compare; the page goes on with the phantom.")
    SOURCE = "phantom"
    readings = [each for each in load_readings(vhi.load_cases(SOURCE)) if len(each.manual) > 1]
readings = [replace(each, segmentations=each.manual) for each in readings]
simulated = SOURCE == "phantom"
subjects = len({each.subject for each in readings})
print(f"{len(readings)} scans of {subjects} subjects, source {readings[0].case.source}.")
if simulated:
    print("Scans and readers are simulated: nothing below is anybody's reading.")
    healthy = [each.scan for each in readings if not each.truth.any()]
    print(f"Nothing is inflamed in {', '.join(healthy)}: what is marked there is a mistake.")

# %% [markdown]
# ## Picture
#
# The names are the preprint's: $R_{12}$ is {term}`reader` 1's {term}`trial` 2. The scan shown is a middling one by the mean overlap of its masks.

# %% tags=["hide-input"]
table = overlap_table(readings)
mean_dice = table.groupby("scan", sort=False)["dice"].mean().sort_values()
middling = next(
    each for each in readings if each.scan == mean_dice.index[(len(mean_dice) - 1) // 2]
)
stir = vhi.load_image(middling.case.stir)
votes = np.sum([middling.whole(each.mask).array for each in middling.manual], axis=0)
(index,) = orientation.fullest_slices(votes, stir.slice_axis, 1)
print(f"scan {middling.scan}: mean Dice of its pairs {mean_dice[middling.scan]:.2f}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-by-hand-masks", "caption": "One slice of STIR with all manual masks (n = 1 scan, the slice with most voxels marked). Blue: the outline of each reader's trial, a row for each reader in the study. Right: the scan alone, and how many of the masks mark each voxel. On the phantom edition the scan and its readers are simulated. Takeaway: most agree about the middle of a lesion; edges, faint parts and whole lesions are each reader's own."}, "image": {"alt": "Two rows of close views of one oblique coronal STIR slice, each with one blue outline of marked inflammation; in the last column the slice alone and, below it, marked voxels coloured from yellow, one mask, to red, all masks."}}
page_figures.readings_figure(stir, middling, index, simulated=simulated)

# %% [markdown]
# ## Code
#
# ### The paper's form: one point for each scan
#
# {term}`Dice` of every two manual masks of a scan. First a reader's two trials, then one trial of each reader.

# %% tags=["hide-input"]
reader_of = {each.name: each.reader for scan in readings for each in scan.manual}
same_reader = table["first"].map(reader_of) == table["second"].map(reader_of)
kinds = {"a  one reader twice": table[same_reader], "b  two readers": table[~same_reader]}
groups = {kind: overlaps_of(own, cleaned=False) for kind, own in kinds.items() if len(own)}

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-by-hand", "caption": "Dice of manual masks, in the form of Figure 4a and b of the preprint: within readers (a) and between them (b). One point for each scan, n below each box; box: quartiles; red: median. On the phantom edition scans and readers are simulated. Takeaway: the spread from scan to scan is larger than any difference between the pairs."}, "image": {"alt": "Two panels of boxplots of Dice between 0 and 1, left for the two trials of each reader, right for pairs of different readers, with points of single scans over them and red medians."}}
widths = [max(own["pair"].nunique(), 2) for own in groups.values()]
fig, panels = plt.subplots(
    1, len(groups), figsize=(10, 3.9), sharey=True, squeeze=False, layout="constrained",
    width_ratios=widths,
)  # fmt: skip
for axes, (kind, own) in zip(panels.flat, groups.items(), strict=True):
    draw_overlaps(axes, own, title=kind, simulated=simulated)
    axes.label_outer()
axes.set_ylim(-0.02, 1.02)
plt.show()

# %% [markdown]
# The same in numbers. Between which two of the scans' own values does the true median lie? That interval needs no assumption about the shape of the data, only that
# the scans are of different people; where one has several, their mean is taken.

# %%
summary, short = overlap_summary(table), []
for pair in summary.itertuples():
    short.append({"pair": f"{pair.first}–{pair.second}", "n": pair.n})
    short[-1] |= {"median": pair.median, "lowest": pair.min, "highest": pair.max}
    if pair.subjects > 1:
        short[-1] |= {"interval": f"{pair.median_low:.2f} to {pair.median_high:.2f}"}
        short[-1] |= {"ranks": f"{pair.rank_low} to {pair.rank_high}"}
        short[-1] |= {"holds the median": f"{pair.median_coverage:.1%}"}
print(pd.DataFrame(short).to_string(index=False, float_format="{:.4f}".format))

# %% tags=["remove-input"]
median = summary.set_index(["first", "second"])["median"]
twice = [v for (a, b), v in median.items() if reader_of[a] == reader_of[b]]
between = [v for (a, b), v in median.items() if reader_of[a] != reader_of[b]]
for kind, values in (("A reader's own two trials", twice), ("Two readers", between)):
    if values:
        print(
            fill(
                f"{kind} have a median Dice of {min(values):.2f} to {max(values):.2f}, n = {len(readings)} scans."
            )
        )
if SOURCE == "study":
    printed = printed_numbers()
    lowest, highest = table["dice"].min(), table["dice"].max()
    for key, text, ours in (
        ("hepburn-dice-intra-r1", "value", median["R11", "R12"]),
        ("hepburn-dice-intra-r2", "value", median["R21", "R22"]),
        ("hepburn-dice-inter", "low", min(between)),
        ("hepburn-dice-inter", "high", max(between)),
        ("hepburn-dice-manual-range", "low", lowest),
        ("hepburn-dice-manual-range", "high", highest),
    ):
        said = printed.loc[key, text]
        verdict = "agrees" if agrees(said, ours) else "DIFFERENT"
        print(
            f"in the preprint {said}, here {ours:.4f}: {verdict} ({printed.loc[key, 'quantity']}, {text})"
        )

# %% [markdown]
# ### What a median of a few scans is worth
#
# A popular way to an interval is the bootstrap: draw as many scans with replacement, take their median, and again, ten thousand times. But a median of an even number of
# scans is half the sum of two of them, so there is little to draw from. Here for the first pair:


# %%
first = short[0]["pair"]
values = table[table["first"] + "–" + table["second"] == first].groupby("subject")["dice"].mean()
n = len(values)
random = np.random.default_rng(1)
drawn = np.median(random.choice(values, (10_000, n)), axis=1)
halves = [(a + b) / 2 for a in values for b in values] if n % 2 == 0 else values
order = median_interval(values)
print(f"{first}, n = {n} subjects: a resampled median can have {len(np.unique(halves))} values,")
print(f"ten thousand resamples show {len(np.unique(drawn))} of them")
print(f"bootstrap 95 %: {np.percentile(drawn, 2.5):.3f} to {np.percentile(drawn, 97.5):.3f}")
if order:
    print(f"order statistics {order.coverage:.1%}: {order.low:.3f} to {order.high:.3f}")

# %% tags=["remove-input"]
print(
    fill(
        f"How often a bootstrap interval of a median holds: {coverage_note('median, bootstrap', n)}."
    )
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bootstrap", "caption": "All values that the median Dice of one pair of manual masks takes in ten thousand resamples (n, the number of subjects drawn from, in the text above); the height of a line is its share. Red: the interval from order statistics; dot: the median of the data. On the phantom edition the data are simulated. Takeaway: an interval made of so few values looks more exact than it is; the order statistics say nearly the same and state their own coverage."}, "image": {"alt": "A few dozen blue vertical lines of unequal height over an axis of Dice, with a red bar below that runs over most of them and a dark dot in its middle."}}
fig, axes = plt.subplots(figsize=(7, 3), layout="constrained")
page_figures.draw_bootstrap(
    axes,
    drawn,
    interval=(order.low, order.high) if order else None,
    middle=float(values.median()),
    label=f"median Dice {first}",
    simulated=simulated,
)
plt.show()

# %% [markdown]
# ### The volumes, after Bland and Altman
#
# Dice asks where masks lie; {term}`VHI` is a volume. So: first reader minus second, trial by trial, against their mean {cite:p}`bland1986`. The {term}`limits of agreement` of few
# scans are themselves uncertain; the grey bands are their exact 95 % intervals, made for independent scans of normally distributed differences.

# %%
by_pair = volume_pairs(table, SOURCE, simulated=simulated)
trial_of = {each.name: each.trial for scan in readings for each in scan.manual}
across = [(a, b) for a, b in by_pair if reader_of[a] != reader_of[b]] or list(by_pair)[:1]
shown = [(a, b) for a, b in across if trial_of[a] == trial_of[b]][:2] or across[:1]
volumes = {pair: replace(by_pair[pair], measure="manual volume") for pair in shown}
for pair, volume in volumes.items():
    limits = limits_of_agreement(volume.first, volume.second)
    print(f"{pair[0]} − {pair[1]}, n = {limits.n}, in voxels")
    for name in ("bias", "lower", "upper"):
        low, high = getattr(limits, f"{name}_interval")
        print(f"   {name:5} {getattr(limits, name):9.0f}   ({low:.0f} to {high:.0f})")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-by-hand-volumes", "caption": "Manual volumes, first reader minus second, a column for each trial that both made; n, the number of scans, is the number of points. Above: differences in voxels against means, with bias (solid), limits of agreement (dashed) and exact intervals (grey). Below: the same as ratios on logarithmic axes; scans with an empty mask have none and are counted. On the phantom edition scans and readers are simulated. Takeaway: the large scans set the limits in voxels; as ratios all scans count alike."}, "image": {"alt": "Two rows of scatter plots with horizontal lines and grey bands. Above, most points lie near zero at the left and one far to the right; below, points are spread along the axis around a ratio of about one."}}
fig, grid = plt.subplots(
    2, len(shown), figsize=(5.4 * len(shown), 7), squeeze=False, layout="constrained"
)
for (above, below), volume in zip(grid.T, volumes.values(), strict=True):
    draw_bland_altman(above, volume, limits_of_agreement(volume.first, volume.second))
    draw_ratios(below, volume, ratio_limits(volume.first, volume.second))
plt.show()

# %% tags=["remove-input"]
for pair, volume in volumes.items():
    one, two = volume.first, volume.second
    ratios, biggest = ratio_limits(one, two), np.argmax(one + two)
    share = (one + two)[biggest] / max((one + two).sum(), 1)
    print(
        fill(
            f"{pair[0]} and {pair[1]}: one scan holds {share:.0%} of all that was marked. By ratio the first volume is "
            f"{ratios.ratio:.2f} times the second, and for 95 % of scans {ratios.lower:.2f} to {ratios.upper:.2f} times "
            f"(n = {ratios.n}, {ratios.zeros} left out for a volume of zero)."
        )
    )
print(fill(f"How often an exact interval holds: {coverage_note('limits, exact', subjects)}."))
if subjects < len(readings):
    held = coverage_note("limits, exact", subjects, scans=2)
    print(fill(f"Some subjects have two scans, and these bands treat them as independent: {held}."))

# %% [markdown]
# A voxel is 1.17 mm³ by {term}`pitch` in the study and in the phantom. *Limits against the range of volumes* would look splendid here, since one scan makes the range; the ratio is the same in
# any unit.
#
# ### Where, how much, how far
#
# {term}`Dice` falls for three reasons, which can be told apart: another size, another place, another outline. *Volume similarity* asks for size alone: 1 minus the difference of the volumes over
# their sum. *Surface distance* is the way from a point of one surface to the nearest of the other, in mm: on average, and all but the worst twentieth.

# %%
columns = {"Dice": "dice", "volume similarity": "volume_similarity"}
columns |= {"surface mean, mm": "surface_mean_mm", "surface 95 %, mm": "surface_p95_mm"}
medians = pd.DataFrame(
    {name: overlap_summary(table, quantity=column)["median"] for name, column in columns.items()}
)
medians.index = summary["first"] + "–" + summary["second"]
print("medians over scans")
print(medians.to_string(float_format="{:.2f}".format))

# %% tags=["remove-input"]
gap = (
    (table["volume_similarity"] - table["dice"]).groupby(table["first"] + table["second"]).median()
)
without = int((~np.isfinite(table["surface_mean_mm"])).sum())
print(
    fill(
        f"In the median scan {gap.min():.2f} to {gap.max():.2f} of Dice, by pair, is lost to place and outline alone, not to size. "
        f"Surfaces lie {medians['surface mean, mm'].min():.1f} to {medians['surface mean, mm'].max():.1f} mm apart on average, "
        f"where a pixel is {min(middling.grid.spacing_mm):.2f} mm wide; the worst twentieth lies "
        f"{medians['surface 95 %, mm'].min():.1f} to {medians['surface 95 %, mm'].max():.1f} mm apart or more, further than "
        f"a pencil slips: there one has marked what the other has not. {without} of {len(table)} comparisons hold an empty "
        "mask and have no distance."
    )
)

# %% [markdown]
# ## Check
#
# Dice can never exceed volume similarity. And on the study the authors published their own values for each scan, so that ours can be held against them one by one.

# %%
print(f"Dice <= volume similarity: {bool((table['dice'] <= table['volume_similarity']).all())}")
ours = table.set_index(["first", "second", "scan"])
if SOURCE == "study":
    theirs = published_overlap(MANUAL_PAIRS).set_index(["first", "second", "scan"])
    numbers = ["dice", "volume_similarity", "first_voxels"]
    apart, alike, voxels = (ours.loc[theirs.index, numbers] - theirs[numbers]).abs().max()
    print(f"{len(theirs)} published values of Dice: largest difference {apart:g}")
    print(
        f"{len(theirs)} of volume similarity: largest difference {alike:g}, voxels the same: {voxels == 0}"
    )

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# By hand, readers agree on how much better than on where, and with themselves somewhat better than with each other. Whatever helps them is measured against that, on
# a handful of scans: give the interval with the median, and the scans with the interval.
# :::
#
# ## Exercise
#
# :::{admonition} What does a pixel cost?
# :class: seealso
# Take a mask and let every outline grow by one pixel within the slice, as if the reader's pencil were a little thicker. What Dice do a mask and its thicker self have, scan by scan?
# How much of the disagreement of two trials could be the pencil alone?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
pencil = []
for scan in readings:
    trial = scan.manual[0]
    if not trial.mask.any():
        continue  # nothing drawn: nothing grows
    cross = ndimage.generate_binary_structure(2, 1)
    cross = np.expand_dims(cross, scan.grid.slice_axis)
    thicker = ndimage.binary_dilation(trial.mask, cross)
    own = ours.xs(scan.scan, level="scan").loc[(trial.name, scan.manual[1].name)]
    pencil.append({"scan": scan.scan, "voxels": int(trial.mask.sum())})
    pencil[-1] |= {"with its thicker self": dice(trial.mask, thicker)}
    pencil[-1] |= {f"{trial.name}–{scan.manual[1].name}": own["dice"]}
pencil = pd.DataFrame(pencil).sort_values("voxels")
print(pencil.to_string(index=False, float_format="{:.2f}".format))

# %% [markdown]
# :::{dropdown} Solution in words
# A pencil one pixel thicker costs a great deal of Dice, and the more the smaller or thinner what is marked: small lesions are nearly all outline. So a Dice of 0.8 is much in a scan with
# little inflammation and little in one with much, and a median over both depends on who was scanned. A threshold that draws the outline for all readers takes this part of the disagreement away, without
# making anybody's eye better: see [](#page-workflow-helps).
# :::
