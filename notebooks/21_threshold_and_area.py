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
# (page-area)=
# # What the threshold owes to the area
#
# :::{admonition} On this page
# **You will** put beside every {term}`VHI` an interval for the choice of normal bone, see what halving the area does, why a maximum grows with it, and how much of its promise such an interval keeps.
#
# **You need** [](#page-thresholds) and [](#page-candidates).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# Everything starts from a patch of {term}`normal bone` that somebody draws. Its brightest voxel is the {term}`upper threshold`, and the {term}`lower threshold` follows it
# {cite:p}`hepburn2021preprint`. Had she drawn a little more to the left, or left out a slice: what would the volume be?

# %% tags=["parameters", "hide-input"]
import os

from vhi import case_names

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table
CASE, VISIT = ("1007", "before") if SOURCE == "study" else case_names(SOURCE)[0]

# %% tags=["hide-input"]
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import vhi
from book.drawings.failures import draw_growth, draw_moves
from vhi import estimate_thresholds
from vhi.digits import digits
from vhi.images import orientation
from vhi.reader_study import curve_table, draw_threshold_curve, dress, threshold_table
from vhi.results import figures
from vhi.uncertainty import area_blocks, inflammation_at, percentile_interval, resample_thresholds

SIMULATED = SOURCE == "phantom"
measurements = {}
for each in vhi.load_cases(SOURCE):
    measurements[each.folder] = vhi.measure(each)
measurement = next(m for m in measurements.values() if (m.case, m.visit) == (CASE, VISIT))
stir, interval = measurement.stir, measurement.interval
print(
    f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}; {len(measurements)} scans in all."
)

# %% [markdown]
# ## Picture
#
# The same slice at three thresholds: the measured one, and the ends of the interval that this page explains. Candidates are not cleaned yet, on the whole page.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-three-thresholds", "caption": "Candidates (yellow) on the STIR slice with most of them, at the upper end of the interval of the lower threshold, as measured, and at the lower end (n = 1 slice; volumes of the whole scan above, in mm³ by pitch, not cleaned). Without an interval all three are the same. Takeaway: other patches of the same normal bone would have given any volume between left and right."}, "image": {"alt": "One oblique coronal STIR slice three times, with few, some and many yellow candidates in bone."}}
found = interval.reason is None
low, high = interval.lower_threshold if found else [measurement.thresholds.lower] * 2
(index,) = orientation.fullest_slices(measurement.kept.array, stir.slice_axis, 1)
box = orientation.box_of(measurement.disease_region, orientation.view_of(stir))
window = orientation.window_of(stir, measurement.disease_region.array)
fig, panels = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for axes, threshold in zip(panels, (high, measurement.thresholds.lower, low), strict=True):
    mask = inflammation_at(measurement.candidates, threshold)
    labels = mask.astype(np.uint8)
    figures.draw_slice(axes, stir, index, labels=labels, box=box, window=window, title="")
    volume = np.count_nonzero(mask) * stir.voxel_volume_mm3
    title = f"at or above {digits(threshold)}: {digits(volume, 0, 1)} mm³ (slice {index})"
    dress(axes, title=title, simulated=SIMULATED)
plt.show()

# %% tags=["remove-input"]
if found:
    print(
        fill(
            f"Lower threshold {digits(measurement.thresholds.lower)}, 95 % interval {digits(low)} to {digits(high)}: uncleaned VHI {measurement.vhi.voxels:,} voxels, {interval.low.voxels:,} to "
            f"{interval.high.voxels:,}, or {interval.low.voxels / max(measurement.vhi.voxels, 1):.2f} to {interval.high.voxels / max(measurement.vhi.voxels, 1):.2f} times."
        )
    )
else:
    print(fill(f"This scan has no interval: {interval.reason}."))

# %% [markdown]
# ## Code
#
# ### Tiles, drawn again and again
#
# No second area is there to try. The *bootstrap* makes other areas out of the one that is: it is cut into tiles of about 10 mm, as many tiles are drawn with replacement as there are, and the thresholds are
# taken again. Whole tiles, since neighbouring voxels are alike: voxels drawn one by one would show far too little spread.

# %%
area = measurement.normal_bone.array
blocks = area_blocks(area, stir.spacing_mm, slice_axis=stir.slice_axis)
drawn = resample_thresholds(measurement.intensities, blocks)
print(
    f"{blocks.size} voxels of normal bone in {drawn.blocks} tiles, drawn {drawn.lower.size} times"
)
for name in ("upper_quartile", "multiple", "lower", "upper"):
    ends = percentile_interval(getattr(drawn, name))
    own = getattr(measurement.thresholds, name)
    print(f"{name:15} {own:7.2f}   95 %: {ends[0]:7.2f} to {ends[1]:7.2f}")

# %% [markdown]
# A higher threshold leaves a part of the {term}`candidates <candidate>`, so the ends of the threshold's interval give the ends of VHI's. No resample is brighter than the brightest voxel of
# the area: for the upper threshold the bootstrap only looks down.
#
# ### An interval beside every VHI
#
# `measurement.interval` is that interval; `vhi measure` writes it into `vhi.json`, and the report shows it.

# %% tags=["hide-input"]
table = pd.concat([threshold_table(m) for m in measurements.values()], ignore_index=True)
table.insert(0, "scan", list(measurements))
shown = pd.DataFrame({"scan": table["scan"], "area": table["normal_bone_voxels"]})
shown["tiles"] = table["blocks"].astype("string").fillna("-")
shown["n"] = table["multiple"].map("{:.2f}".format)
for name, low_end, high_end in (
    ("lower", "lower_low", "lower_high"),
    ("voxels", "voxels_low", "voxels_high"),
):
    shown[name] = table[name].map("{:.0f}".format)
    ends = zip(table[low_end].astype(float), table[high_end].astype(float), strict=True)
    shown[f"{name}, 95 %"] = ["-" if np.isnan(a) else f"{a:.0f} to {b:.0f}" for a, b in ends]
print(shown.to_string(index=False))
for scan, why in zip(table["scan"], table["why_none"], strict=True):
    if why:
        print(fill(f"{scan}: {why}."))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-area-intervals", "caption": "95 % interval of uncleaned VHI for the choice of the normal-bone area, over the measured VHI (red), scan by scan (n = the scans of the table above; a scan without an interval has an empty line); logarithmic scale. Takeaway: two volumes whose intervals overlap may differ by the choice of the area alone."}, "image": {"alt": "Horizontal blue lines, one for each scan, from a little below 1 to well above it, with a red diamond at 1."}}
moves = {
    row.scan: [row.ratio_low, row.ratio_high] if row.ratio_high > 0 else []
    for row in table.itertuples()
}
fig, axes = plt.subplots(figsize=(8, 1.2 + 0.32 * len(moves)), layout="constrained")
draw_moves(axes, moves, spans=True, label="VHI relative to the measured VHI", simulated=SIMULATED)
plt.show()

# %% tags=["remove-input"]
ratios = table.dropna(subset="ratio_high")
if len(ratios):
    print(
        fill(
            f"Over n = {len(ratios)} scans the intervals begin at {ratios['ratio_low'].min():.2f} to {ratios['ratio_low'].max():.2f} of the measured VHI and end at {ratios['ratio_high'].min():.2f} to "
            f"{ratios['ratio_high'].max():.2f} times (median {ratios['ratio_high'].median():.2f})."
        )
    )

# %% [markdown]
# ### Half of the area, or a slice less
#
# Plainer still: leave one slice of the area out, or draw half of its voxels at random, and count what passes the lower threshold in the disease region.


# %%
def candidates(m, part):
    """Return how many candidates a part of the normal bone gives, over those of all of it."""
    inside = m.stir.array[m.disease_region.array]
    lower = [estimate_thresholds(values).lower for values in (m.intensities[part], m.intensities)]
    return np.count_nonzero(inside >= lower[0]) / max(np.count_nonzero(inside >= lower[1]), 1)


# %%
dropped, halved = {}, {}
for scan, m in measurements.items():
    slices = np.nonzero(m.normal_bone.array)[m.stir.slice_axis]
    there = np.unique(slices) if np.ptp(slices) else []
    dropped[scan] = [candidates(m, slices != k) for k in there]
    random = np.random.default_rng(1)
    halves = [random.permutation(slices.size)[: slices.size // 2] for _ in range(20)]
    halved[scan] = [candidates(m, half) for half in halves]

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-less-area", "caption": "Candidates that remain or come when the thresholds are taken from less normal bone, over those with all of it, scan by scan; left one slice dropped, right half of the voxels drawn at random, twenty times (n in the text below); logarithmic scale. Takeaway: which slices of healthy marrow somebody drew, and how many voxels, is part of the volume; how large a part differs from scan to scan."}, "image": {"alt": "Two panels of open circles on a line for each scan, most of them near 1 or to the right of it."}}
fig, panels = plt.subplots(
    1, 2, figsize=(11, 1.3 + 0.32 * len(measurements)), sharey=True, layout="constrained"
)
draw_moves(
    panels[0],
    dropped,
    label="candidates relative to all",
    title="one slice dropped",
    simulated=SIMULATED,
)
draw_moves(
    panels[1],
    halved,
    label="candidates relative to all",
    title="half of the voxels",
    simulated=SIMULATED,
)
plt.show()

# %% tags=["remove-input"]
for name, each in (("one slice dropped", dropped), ("half of the voxels", halved)):
    moved = np.concatenate([*each.values(), []])
    if moved.size:
        print(
            f"{name}: {moved.min():.2f} to {moved.max():.2f} times, median {np.median(moved):.2f}, n = {moved.size}"
        )

# %% [markdown]
# ### A maximum grows
#
# The upper quartile of a quarter of the area is about that of the whole. Its maximum is not: the more voxels, the brighter the brightest of them.

# %%
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)


def growth(m, quantity):
    """Return a quantity of ever larger parts of the area over that of all: median of 50 parts."""
    tile = area_blocks(m.normal_bone.array, m.stir.spacing_mm, slice_axis=m.stir.slice_axis)
    random, ratios = np.random.default_rng(1), []
    for share in SHARES:
        count = max(round(share * (tile.max() + 1)), 1)
        parts = [random.permutation(tile.max() + 1)[:count] for _ in range(50)]
        values = [quantity(m.intensities[np.isin(tile, part)]) for part in parts]
        ratios.append(np.median(values) / quantity(m.intensities))
    return ratios


# %%
def upper_quartile(values):
    return np.percentile(values, 75)


quartile = {scan: growth(m, upper_quartile) for scan, m in measurements.items()}
maximum = {scan: growth(m, np.max) for scan, m in measurements.items()}

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-growth", "caption": "Upper quartile (left) and maximum (right) of a part of the normal-bone area over that of all of it: median of 50 choices of tiles, each scan grey (n scans: above), their median red. Takeaway: the upper quartile belongs to the bone; the maximum, which is the upper threshold and draws the lower one along, belongs to the size of the area too."}, "image": {"alt": "Two panels against the part of the area from a sixteenth to all: left lines near 1 throughout, right lines that rise to 1."}}
fig, panels = plt.subplots(1, 2, figsize=(10, 3.9), sharey=True, layout="constrained")
draw_growth(
    panels[0],
    SHARES,
    quartile,
    label="relative to the whole area",
    title="upper quartile",
    simulated=SIMULATED,
)
draw_growth(
    panels[1],
    SHARES,
    maximum,
    label="relative to the whole area",
    title="maximum",
    simulated=SIMULATED,
)
plt.show()

# %% tags=["remove-input"]
for name, each in (("upper quartile", quartile), ("maximum", maximum)):
    values = np.array(list(each.values()))
    said = ", ".join(
        f"{v:.2f} ({label})"
        for v, label in zip(
            np.median(values, axis=0), ("1/16", "1/8", "1/4", "1/2", "all"), strict=True
        )
    )
    print(f"{name}, over that of the whole area, median of n = {len(values)} scans: {said}")

# %% [markdown]
# ### VHI over the multiple n
#
# The maximum decides the {term}`multiple` n: it grows from 1.5 in steps of 0.05 until the two thresholds are near each other. What if it had stopped elsewhere?

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-multiple", "caption": "Uncleaned VHI of one scan over the multiple n (n = 1 scan, named above; the statistician's n and the paper's n are two things). Dashed: the n that the rule chose; band: the interval of VHI for the choice of the area. Takeaway: where the curve is steep, the choice of n is the measurement."}, "image": {"alt": "A curve that falls steeply with n and flattens, a dashed vertical line at the chosen n, and a pale horizontal band."}}
curve = curve_table(measurement)
chosen, volume = measurement.thresholds.multiple, measurement.vhi.mm3
fig, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
band = (interval.low.mm3, interval.high.mm3) if found else None
draw_threshold_curve(axes, curve, chosen, volume, interval=band, simulated=SIMULATED)
plt.show()

# %% tags=["remove-input"]
at = curve.set_index("multiple")["mm3"]
own = max(at[chosen], 1e-9)
steps = ", ".join(f"n = {n:g}: {at[n] / own:.2f}" for n in (1.0, 1.5, 2.0, 3.0))
print(fill(f"Here n = {chosen:.2f}. VHI over the measured, at other n: {steps}."))

# %% [markdown]
# ## Check
#
# ### Does a 95 % interval hold 95 times in 100?
#
# Where the right answer is known it can be tried: simulated marrow without any disease, 75 areas of one size in it. Each area gives a lower threshold and an interval. How many of the intervals hold the
# median threshold of all these areas, and how many the threshold that *all* of the marrow gives?

# %% tags=["hide-input"]
from vhi import draw_normal_bone
from vhi.phantom import SHAPE, SLOPE, acquire, make_texture, oblique_affine

texture, noise = (np.random.default_rng(seed) for seed in np.random.SeedSequence(970).spawn(2))
signal = make_texture(texture)["stir"]
marrow = acquire(signal, np.ones(SHAPE, np.float32), noise, "stir", 1.0) * SLOPE["stir"]
simulated = vhi.Image(marrow, oblique_affine())

# %%
results = []
for i, j, k in np.ndindex(5, 5, 3):
    middle = [40 + 62 * i, 40 + 62 * j, 3 + 7 * k]
    area = draw_normal_bone(simulated, centre=middle, radius_mm=(12, 12), slices=3)
    tiles = area_blocks(area, simulated.spacing_mm)
    resampled = resample_thresholds(marrow[area], tiles, resamples=400)
    ends = percentile_interval(resampled.lower)
    results.append((estimate_thresholds(marrow[area]).lower, *ends))
lower, begin, end = np.array(results).T
everything = estimate_thresholds(marrow[10:-10, 10:-10]).lower
for name, value in (
    ("the median of the areas", np.median(lower)),
    ("all of the marrow", everything),
):
    held = np.mean((begin <= value) & (value <= end))
    print(f"simulated, n = {len(lower)} areas: about {10 * held:.0f} in 10 intervals hold {name}")

# %% [markdown]
# Far from 0.95, and not by a slip: a maximum has no value that it settles on, and no resample can exceed it. So the interval says how far VHI moves *at least* with the choice of the area. It holds that choice
# alone, neither the cleaning nor the disease region. Two areas drawn by two people would say more.
#
# :::{admonition} Takeaway
# :class: tip
# Report VHI with its interval for the area, draw the area large and alike in size on every scan and visit, and do not compare a VHI from a small area with one from a large.
# :::
#
# ## Exercise
#
# :::{admonition} Without the maximum
# :class: seealso
# Keep n at 1.5 whatever the maximum is, so that the lower threshold is *upper quartile + 1.5 × IQR*. Drop a slice of the area again, and draw half of its voxels at random. What moves less now, and what does not?
#
# The solution is folded below.
# :::


# %% tags=["hide-cell"]
def moves_at_fixed_n(m, parts):
    """Return candidates with n = 1.5 of parts of the area, over those with n = 1.5 of all."""
    inside = m.stir.array[m.disease_region.array]
    found = []
    for part in (slice(None), *parts):
        lower, upper = np.percentile(m.intensities[part], [25, 75])
        found.append(np.count_nonzero(inside >= upper + 1.5 * (upper - lower)))
    return [count / max(found[0], 1) for count in found[1:]]


fixed = {"one slice dropped": [], "half of the voxels": []}
for m in measurements.values():
    slices = np.nonzero(m.normal_bone.array)[m.stir.slice_axis]
    there = np.unique(slices) if np.ptp(slices) else []
    fixed["one slice dropped"] += moves_at_fixed_n(m, [slices != k for k in there])
    random = np.random.default_rng(1)
    halves = [random.permutation(slices.size)[: slices.size // 2] for _ in range(20)]
    fixed["half of the voxels"] += moves_at_fixed_n(m, halves)
for name, ruled in (("one slice dropped", dropped), ("half of the voxels", halved)):
    for rule, moved in (("rule", np.concatenate([*ruled.values(), []])), ("n = 1.5", fixed[name])):
        if len(moved):
            low, high = np.percentile(moved, [5, 95])
            said = (
                f"{min(moved):.2f} to {max(moved):.2f} times, nine in ten {low:.2f} to {high:.2f}"
            )
            print(f"{name:19} {rule:8} {said}")
print("The maximum is not all: marrow differs from place to place, and its quartiles with it.")
