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
# (page-normal-bone-found)=
# # Normal bone, found
#
# :::{admonition} On this page
# **You will** let a network propose normal bone, see how areas are drawn from its map, judge them by what they do to the threshold, and measure
# every case from its two scans alone.
#
# **You need** [](#page-thresholds) and [](#page-results).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# The authors drew {term}`normal bone` by hand, in the interforaminal sacrum on {term}`STIR`, and say that this step would be straightforward to
# automate {cite:p}`hepburn2021preprint`. With that, and a network for the {term}`disease region`, the two scans are all that is needed. But the
# thresholds depend on this area. Does a proposed one give the thresholds that a drawn one does?

# %% tags=["parameters", "hide-input"]
import os

from vhi import case_names

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table
CASE, VISIT = ("1007", "before") if SOURCE == "study" else case_names(SOURCE)[0]

# %% tags=["hide-input"]
from dataclasses import replace
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import vhi
from book.drawings import network_results as result_figures
from book.drawings import network_slices as network_figures
from book.drawings import network_tables as pages
from book.drawings.missing_masks import with_masks
from vhi.digits import digits
from vhi.evaluation import normal_bone_effect
from vhi.images import orientation
from vhi.results import figures
from vhi.segmentation import (
    AREA_MM3,
    FENCE,
    NORMAL_BONE,
    find_network,
    plausible_areas,
    propose_normal_bone,
    segment_disease_region,
    segment_scans,
)
from vhi.statistics import dice, median_interval, summarise

(case,) = with_masks([vhi.find_case(SOURCE, CASE, VISIT)])
stir, t1w = vhi.load_image(case.stir), vhi.load_image(case.t1w)
drawn, region = vhi.load_mask(case.normal_bone), vhi.load_mask(case.disease_region)
network = find_network("normal-bone", NORMAL_BONE)
probability = segment_scans([stir, t1w], network).probability
bone = segment_disease_region(t1w).mask
areas = plausible_areas(probability, stir, bone)
area = areas.proposed
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% tags=["remove-input"]
if case.subject in network.trained_on:
    print(
        fill(
            f"The shipped network {network.name} was trained on {len(network.trained_on)} subjects, this one among "
            "them: its pictures here flatter. The honest figures are those of the tables below that leave each subject out."
        )
    )
else:
    print(fill(f"The shipped network {network.name} was not trained on this subject."))
    if SOURCE == "phantom":
        print("It has seen no simulated scan at all.")

# %% [markdown]
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-normal-bone-found", "caption": "One STIR slice (n = 1 of the scan), the one with most of both areas. 1: normal bone as drawn by hand (blue line). 2: how probable the network takes normal bone to be (black 0, yellow 1, or the highest value reached). 3: the area chosen from that (yellow, dashed) beside the drawn one (blue). Takeaway: two areas need not be the same to be equally good; both have to lie in healthy marrow and keep away from vessels."}, "image": {"alt": "Three pictures of one oblique coronal STIR slice through the sacrum. First a blue outline in its middle. Second a map of probability with a bright spot there. Third a blue and a dashed yellow outline that overlap in part."}}
both = drawn.array.astype(np.uint8) | area.array.astype(np.uint8)
(index,) = orientation.fullest_slices(both, stir.slice_axis, 1)
look = {"box": orientation.box_of(region, orientation.view_of(stir))}
look["window"] = orientation.window_of(stir, region.array)
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
title = f"1  Drawn (slice {index})"
figures.draw_slice(left, stir, index, outline=drawn.array, title=title, **look)
plane = orientation.view_of(stir).plane(probability.array, index)
network_figures.draw_probability(middle, plane, box=look["box"], title="2  Probability")
result_figures.draw_outlines(
    right, stir, index, truth=drawn.array, predicted=area.array, title="3  Chosen", **look
)
result_figures.outline_keys(right, truth="drawn", predicted="chosen")
plt.show()

# %% tags=["remove-input"]
print(
    fill(
        f"Drawn {np.count_nonzero(drawn.array) * stir.voxel_volume_mm3:,.0f} mm³, chosen "
        f"{np.count_nonzero(area.array) * stir.voxel_volume_mm3:,.0f} mm³; Dice of the two areas "
        f"{dice(area.array, drawn.array):.2f}. The highest probability is {probability.array.max():.2f}."
    )
)

# %% [markdown]
# ## Code
#
# ### From a map to an area
#
# Readers draw discs: three to seven of them on a few slices, in the bodies of the first two sacral vertebrae. Where exactly is chance, and the
# thresholds depend on the brightest voxels of the area ([](#page-thresholds)). So many areas are drawn as readers draw them, by lot: five discs, centred where the network is
# surest, within bone (which the other network finds), as large as the hand-drawn areas are. Then vessels are removed. A reader avoids them by eye; here a voxel counts as vessel above
#
# ```{math}
# :label: eq-fence
# Q_\mathrm{U} + 3 \cdot \mathrm{IQR}
# ```
#
# of the area itself, Tukey's outer fence, and its eight neighbours in the slice, which may be vessel in part ({term}`partial volume`), are removed with it.
# Every area gives a lower threshold. The area whose threshold is the middle of all is the proposed one.

# %%
with_vessels = plausible_areas(probability, stir, bone, fence=np.inf)
for name, drawn_by_lot in (("removed", areas), ("left in", with_vessels)):
    low, middle, high = np.percentile(drawn_by_lot.lower, [5, 50, 95])
    print(f"{len(drawn_by_lot.lower)} areas, vessels {name}: ", end="")
    print(f"lower threshold {middle:.1f}, nine of ten areas {low:.1f} to {high:.1f}")
values = stir.array[area.array]
lower_quartile, upper_quartile = np.percentile(values, [25, 75])
print(f"proposed: {values.size} voxels; the median drawn area has {AREA_MM3:.0f} mm³,")
print(f"that is {AREA_MM3 / stir.voxel_volume_mm3:.0f} voxels of this scan")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-plausible-thresholds", "caption": "Lower threshold (scanner units) of each area drawn by lot on one scan (n = the number of areas in the title); black: that of the proposed area, the middle one; blue: that of the area drawn by hand. Takeaway: the spread is what the choice of one area leaves open, however good the network is."}, "image": {"alt": "A histogram of lower thresholds with a black and a blue vertical line."}}
fig, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.hist(areas.lower, bins=20, color="0.8", edgecolor="0.5")
for mask, colour, name in (
    (area, "black", "proposed"),
    (drawn, result_figures.BLUE, "drawn by hand"),
):
    level = vhi.estimate_thresholds(vhi.normal_bone_intensities(stir, mask)).lower
    axes.axvline(level, color=colour, label=f"{name}: {level:.1f}")
axes.set(xlabel="lower threshold", ylabel="areas", title=f"{len(areas.lower)} areas")
axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# ### What it is for
#
# Overlap with the drawn area is not the point. What counts are the thresholds, and the volume that follows from them:


# %%
effect = normal_bone_effect(stir, area, drawn, region)
print("                     drawn    chosen")
print(f"lower threshold  {effect.lower_truth:9.1f} {effect.lower_found:9.1f}", end="")
print(f"   {effect.lower_error_percent:+.1f} %")
print(f"VHI (mm³)        {effect.vhi_truth_mm3:9.0f} {effect.vhi_found_mm3:9.0f}", end="")
print(f"   {effect.vhi_change_percent:+.1f} %")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-normal-bone-histograms", "caption": "STIR intensities (scanner units) of normal bone as drawn and as chosen, with the thresholds that follow; n = 1 scan, the number of voxels in the titles. Takeaway: compare the dashed lines, not the shapes: they decide what is marked."}, "image": {"alt": "Two histograms of STIR intensity side by side, of the drawn and of the chosen area, each with a dotted line at the upper quartile and dashed lines at the lower and upper threshold."}}
fig, panels = plt.subplots(1, 2, figsize=(11, 3.2), sharex=True, layout="constrained")
for axes, mask, name in zip(panels, (drawn, area), ("Drawn", "Chosen"), strict=True):
    values = vhi.normal_bone_intensities(stir, mask)
    figures.draw_histogram(axes, values, vhi.estimate_thresholds(values))
    axes.set_title(f"{name}: {values.size:,} voxels", fontsize=10)
plt.show()

# %% [markdown]
# ### Ten subjects, each left out
#
# For the judgement, ten networks were trained, each on nine subjects, and each proposed an area on the tenth. The yardstick beside it: what happens to the
# thresholds when the *hand-drawn* area is halved, four ways (right or left half, front or back half of its slices). Nobody would call half of a drawn area wrong.

# %%
left_out = pages.read_table("normal-bone")
halved = pages.read_table("normal-bone-halved")
worst_half = halved.assign(size=halved["lower_error_percent"].abs()).groupby("case")["size"].max()
short = left_out[["case", "dice", "lower_error_percent", "vhi_change_percent"]].copy()
short["worst half %"] = short["case"].map(worst_half)
names = {"dice": "Dice", "lower_error_percent": "lower %", "vhi_change_percent": "VHI %"}
print(short.rename(columns=names).to_string(index=False, float_format="{:.2f}".format))

# %% [markdown]
# *lower %* and *VHI %*: how far the lower threshold, and VHI before cleaning in the drawn disease region, lie above those of the drawn area. *worst half %*:
# the largest error of the lower threshold among the four halves.


# %%
def sizes(values):
    s = summarise(np.abs(values.dropna()))
    return {"n": s.n, "median": s.median, "upper quartile": s.upper_quartile, "largest": s.max}


rows = []
for column, what in (("lower_error_percent", "threshold"), ("vhi_change_percent", "VHI")):
    rows.append({"absolute change %": what, "area": "proposed", **sizes(left_out[column])})
    rows.append({"absolute change %": what, "area": "half of drawn", **sizes(halved[column])})
print(pd.DataFrame(rows).to_string(index=False, float_format="{:.1f}".format))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-left-out", "caption": "Change of the lower threshold (left) and of VHI before cleaning (right), in percent of the value with the drawn area, for each case: the proposed area of a network that has not seen the subject (blue dots, n = 10 subjects) and the four halves of the drawn area (grey bars, n = 40). VHI on a scale that is linear to ± 10 % and logarithmic beyond. Takeaway: read each dot against the bars of its own row."}, "image": {"alt": "Two charts with one row for each of ten cases: a blue dot for the proposed area and four grey bars for halves of the drawn area, around a vertical line at zero."}}
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
for axes, column, what in (
    (left, "lower_error_percent", "lower threshold"),
    (right, "vhi_change_percent", "VHI"),
):
    parts = [halved.loc[halved["case"] == name, column].to_numpy() for name in left_out["case"]]
    proposed = left_out[column].to_numpy()
    label = f"change of {what} (%)"
    result_figures.draw_effects(axes, list(left_out["case"]), proposed, parts, label=label)
right.set_xscale("symlog", linthresh=10)
right.xaxis.set_major_formatter("{x:g}")
left.legend(frameon=False, fontsize=8)
plt.show()

# %% tags=["remove-input"]
HOPED_MEDIAN, HOPED_WORST = 3.0, 10.0
errors = left_out["lower_error_percent"].abs()
interval = median_interval(errors)
at = left_out.loc[errors.idxmax()]
half = halved["lower_error_percent"].abs()
print(
    fill(
        f"Median absolute error of the lower threshold {errors.median():.1f} % ({interval.low:.1f} to {interval.high:.1f}, "
        f"{interval.coverage:.0%} coverage, n = {len(errors)} subjects), worst {errors.max():.1f} %. Hoped for: median at most "
        f"{HOPED_MEDIAN:g} % ({'met' if errors.median() <= HOPED_MEDIAN else 'NOT MET'}), worst at most "
        f"{HOPED_WORST:g} % ({'met' if errors.max() <= HOPED_WORST else 'NOT MET'}). Halving the drawn area: median {half.median():.1f} %, at most "
        f"{half.max():.1f} %. The proposed area is further off than the worst half of the drawn one on "
        f"{np.sum(errors.to_numpy() > left_out['case'].map(worst_half).to_numpy())} of {len(errors)} subjects."
    )
)

# %% [markdown]
# ### The worst case

# %% tags=["remove-input"]
cause = "higher" if at["lower_error_percent"] > 0 else "lower"
effect_on = "fewer" if cause == "higher" else "more"
kind = halved[halved["case"] == at["case"]]["lower_error_percent"]
print(
    fill(
        f"Worst is {at['case']}: the lower threshold comes out {abs(at['lower_error_percent']):.1f} % {cause} "
        f"({digits(at['lower_found'])} instead of {digits(at['lower_truth'])}), so {effect_on} voxels are candidates, and VHI before "
        f"cleaning changes by {at['vhi_change_percent']:+.0f} %. Halves of the drawn area move its threshold by {kind.min():+.1f} to "
        f"{kind.max():+.1f} %. The areas overlap with a Dice of {at['dice']:.2f}; the proposed one has "
        f"{at['found_voxels']:,.0f} voxels, the drawn one {at['truth_voxels']:,.0f}."
    )
)

# %% [markdown]
# Why it is the worst can be seen in what its drawn area holds. Where does the maximum of the drawn area lie in the area's own distribution, and how bright is the marrow
# around it? The picture shows the shipped network's area, which has seen this subject; that of the table's network differs somewhat.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-worst-area", "caption": "The case with the largest error of the table (or this source's first case): STIR slices with most of both areas (n = 3 of one scan), drawn (blue) and proposed by the shipped network (yellow, dashed). Takeaway: look for vessels, foramina and uneven marrow inside one outline that the other leaves out."}, "image": {"alt": "Three STIR slices through the sacrum, each with a blue and a dashed yellow outline between the foramina."}}
worst = vhi.load_cases(SOURCE, only=[at["case"]])[0] if SOURCE == "study" else case
its_stir, its_drawn = vhi.load_image(worst.stir), vhi.load_mask(worst.normal_bone)
scans = [its_stir, vhi.load_image(worst.t1w)]
its_bone = segment_disease_region(scans[1]).mask
its_probability = segment_scans(scans, network).probability
its_area = plausible_areas(its_probability, its_stir, its_bone).proposed
both = its_drawn.array.astype(np.uint8) | its_area.array.astype(np.uint8)
window = orientation.window_of(its_stir, vhi.load_mask(worst.disease_region).array)
box = orientation.box_of(its_stir.with_array(both > 0), orientation.view_of(its_stir))
fig, panels = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for axes, place in zip(
    panels, orientation.fullest_slices(both, its_stir.slice_axis, 3), strict=True
):
    masks = {"truth": its_drawn.array, "predicted": its_area.array}
    title = f"{worst.case}, slice {place}"
    result_figures.draw_outlines(
        axes, its_stir, place, box=box, window=window, title=title, **masks
    )
result_figures.outline_keys(panels[0], truth="drawn", predicted="proposed")
plt.show()

# %% tags=["remove-input"]
rows = []
for name, mask in (("drawn", its_drawn), ("proposed", its_area)):
    values = vhi.normal_bone_intensities(its_stir, mask)
    t = vhi.estimate_thresholds(values)
    top = np.sort(values)[-10:]
    rows.append(
        {"area": name, "voxels": values.size, "median": np.median(values), "IQR": t.iqr}
        | {"n": t.multiple, "lower": t.lower, "10th brightest": top[0], "brightest": top[-1]}
    )
print(pd.DataFrame(rows).to_string(index=False, float_format="{:.2f}".format))
gap = [(row["brightest"] - row["median"]) / row["IQR"] for row in rows]
print(
    fill(
        f"The brightest voxel lies {gap[0]:.1f} IQR above the median in the drawn area and {gap[1]:.1f} in the proposed one: "
        f"n grew to {rows[0]['n']:.2f} and {rows[1]['n']:.2f} to follow it."
    )
)

# %% [markdown]
# ### Two scans and nothing else
#
# `vhi measure --stir S --t1w T` lets both networks find what is not given. On every case of the source: VHI before cleaning with the masks it comes with,
# and from the two scans alone.

# %% tags=["nbval-ignore-output"]
rows = []
for each in with_masks(vhi.load_cases(SOURCE)):
    row = {"case": each.case, "visit": each.visit, "by hand": vhi.measure(each)}
    bare = replace(each, normal_bone=None, disease_region=None)
    try:
        row["by networks"] = vhi.measure(bare, warn=lambda note: None)
    except vhi.InputError as error:
        print(fill(f"{each.case}: {error}"))
    rows.append(row)

# %% tags=["nbval-ignore-output"]
table = []
for row in rows:
    line = {"case": row["case"], "visit": row["visit"]}
    for kind in ("by hand", "by networks"):
        m = row.get(kind)
        line[f"lower {kind}"] = m.thresholds.lower if m else np.nan
        line[f"mm³ {kind}"] = m.vhi.mm3 if m else np.nan
    table.append({**line, "ratio": line["mm³ by networks"] / (line["mm³ by hand"] or np.nan)})
whole = pd.DataFrame(table)
shown = [f"{{:.{digits}f}}".format for digits in (1, 0, 1, 0, 2)]
formats = dict(zip(whole.columns[2:], shown, strict=True))
print(whole.to_string(index=False, formatters=formats))

# %% tags=["nbval-ignore-output", "remove-input"]
ratio = whole["ratio"].dropna()
ratio = ratio[ratio > 0]
apart = np.exp(np.abs(np.log(ratio)))
print(
    fill(
        f"From the two scans alone VHI before cleaning is {ratio.min():.2f} to {ratio.max():.2f} times that with the masks "
        f"(median {ratio.median():.2f}, {len(ratio)} scans); half of the scans lie within a factor of {apart.median():.2f}."
    )
)
if SOURCE == "study":
    print(
        fill(
            "Both networks were trained on these very subjects, so this table flatters. The honest figures for the threshold are the "
            "leave-one-out ones above, for the region those of the test set and of the cross-validation."
        )
    )
elif SOURCE == "phantom":
    print(fill("These scans are simulated, and the networks have seen no simulated scan."))

# %% [markdown]
# ## Check
#
# Is the area of this page what `vhi measure` takes? Is its threshold the middle of all, and does it lie within bone?

# %%
proposed = propose_normal_bone(stir, t1w).mask
same = np.array_equal(proposed.array, area.array)
lower = vhi.estimate_thresholds(vhi.normal_bone_intensities(stir, area)).lower
print(f"the library's proposal: {'the same voxels' if same else 'DIFFERENT VOXELS'}")
print(f"the middle of all: {np.isclose(lower, areas.lower[(len(areas.lower) - 1) // 2])}")
print(f"within bone: {not (area.array & ~bone.array).any()}")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# Judge a proposed yardstick by the threshold it gives, on people it has not seen, beside what a harmless change of the drawn one does. Look at the area
# before you use it; `vhi normal-bone` draws another, and `--normal-bone` takes it.
# :::
#
# ## Exercise
#
# :::{admonition} A larger yardstick
# :class: seealso
# Draw areas of half, once and twice the volume from the same map, with vessels left in and removed. What do the thresholds do, and why are the areas as
# large as the hand-drawn ones?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
for factor in (0.5, 1, 2):
    for name, limit in (("removed", FENCE), ("left in", np.inf)):
        volume = factor * AREA_MM3
        other = plausible_areas(probability, stir, bone, volume_mm3=volume, fence=limit)
        t = vhi.estimate_thresholds(vhi.normal_bone_intensities(stir, other.proposed))
        low, high = np.percentile(other.lower, [5, 95])
        print(
            f"{factor:3g} x, vessels {name:7}: n = {t.multiple:.2f}, lower {t.lower:6.1f}, ", end=""
        )
        print(f"nine of ten areas {low:6.1f} to {high:6.1f}")

# %% [markdown]
# :::{dropdown} Solution in words
# With more voxels the brightest of them is brighter, so the upper threshold climbs, and the lower one is drawn after it. That is a property of maxima and would happen in
# perfectly healthy marrow. The thresholds of the study were made with areas of one size; an area of another size answers another question. Vessels left in
# push the maximum up at once.
# :::
