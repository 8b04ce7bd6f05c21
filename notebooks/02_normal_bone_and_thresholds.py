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
# (page-thresholds)=
# # Normal bone and thresholds
#
# :::{admonition} On this page
# **You will** read off a patient's own healthy marrow how bright is too bright, and see what each threshold lets through.
#
# **You need** the words of [](#page-data).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# STIR intensities have no unit: 500 is bright on one scan and dark on the next. No fixed number can divide inflamed from
# healthy marrow. Each scan has to bring its own yardstick. Which one?

# %% tags=["parameters", "hide-input"]
import os

from vhi import case_names

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table
CASE, VISIT = ("1007", "before") if SOURCE == "study" else case_names(SOURCE)[0]

# %% tags=["hide-input"]
from dataclasses import asdict
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import vhi
from vhi.digits import digits
from vhi.images import orientation
from vhi.results import figures

case = vhi.find_case(SOURCE, CASE, VISIT)
measurement = vhi.measure(case)
stir, thresholds = measurement.stir, measurement.thresholds
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% [markdown]
# ## Picture
#
# {term}`Normal bone` of the same patient (blue line) says how bright healthy marrow is. Bone that is brighter is a
# {term}`candidate` for inflammation (yellow and red).

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-threshold-answer", "caption": "From normal bone to candidates, on one STIR slice. 1: normal bone, drawn between the sacral foramina. 2: how bright it is on all its slices, in scanner units; the number of its voxels stands above the histogram (n = 1 scan). Yellow begins at the lower threshold, red at the upper one, the brightest voxel of normal bone. 3: bone of the same slice in these colours, before anybody has cleaned it. Takeaway: the patient's own healthy marrow sets the limits."}, "image": {"alt": "Three panels. First: oblique coronal STIR slice through the sacrum with a blue outline around marrow between the foramina. Second: histogram of the intensities inside the outline; at its right end a yellow band from the lower to the upper threshold, red beyond. Third: the same slice, bone above the thresholds coloured yellow and red."}}
(index,) = orientation.fullest_slices(measurement.normal_bone.array, stir.slice_axis, 1)
bone_box = orientation.box_of(measurement.disease_region, orientation.view_of(stir))
look = {"box": bone_box, "window": orientation.window_of(stir, measurement.disease_region.array)}
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.3), layout="constrained")
figures.draw_slice(left, stir, index, outline=measurement.normal_bone.array, **look)
figures.draw_histogram(middle, measurement.intensities, thresholds)
figures.draw_slice(right, stir, index, labels=measurement.kept.array, **look)
end = thresholds.upper + thresholds.iqr
middle.axvspan(thresholds.lower, thresholds.upper, color=figures.YELLOW)
middle.axvspan(thresholds.upper, end, color=figures.RED)
middle.set_xlim(right=end)
middle.get_legend().remove()
left.set_title("1  Healthy marrow (blue line)", fontsize=12)
middle.set_title(f"2  How bright it is ({measurement.intensities.size:,} voxels)", fontsize=12)
right.set_title("3  Bone that is brighter", fontsize=12)
plt.show()

# %% tags=["remove-input"]
bright = np.count_nonzero(measurement.candidates.labels.array)
print(
    fill(
        f"Healthy marrow reaches {digits(thresholds.upper)}. On all slices together {bright:,} voxels "
        f"of bone are as bright as the lower threshold, {digits(thresholds.lower)}, or brighter. "
        "Nobody has cleaned them yet."
    )
)

# %% [markdown]
# ## Code
#
# ### Normal bone in five numbers
#
# In the preprint a reader draws normal bone on STIR in the interforaminal part of the sacrum, where inflammation is rare,
# and avoids vessels and artefacts {cite:p}`hepburn2021preprint`. Here the drawing is given as a {term}`mask`.

# %%
intensities = vhi.normal_bone_intensities(stir, measurement.normal_bone)
names = ("minimum", "lower quartile", "median", "upper quartile", "maximum")
for name, value in zip(names, np.percentile(intensities, [0, 25, 50, 75, 100]), strict=True):
    print(f"{name:>15} {value:8.2f}")
volume_ml = intensities.size * stir.voxel_volume_mm3 / 1000
print(f"{intensities.size} voxels ({volume_ml:.1f} ml); IQR {digits(thresholds.iqr, 2, 4)}")

# %% [markdown]
# The middle half of healthy marrow lies between the quartiles; the distance between them is the
# {term}`interquartile range <IQR>`. A few very bright or dark voxels do not move it.

# %% [markdown]
# ### The rule
#
# Two thresholds follow. The upper one is the brightest voxel of normal bone, the lower one lies $n$ interquartile ranges
# above the upper quartile:
#
# ```{math}
# :label: eq-thresholds
# L_\mathrm{upper} = I_\mathrm{max}, \qquad L_\mathrm{lower} = Q_\mathrm{U} + n \cdot \mathrm{IQR}
# ```
#
# The multiple $n$ starts at 1.5 and grows by 0.05 until the lower threshold has come close to the upper one:
#
# ```{math}
# :label: eq-multiple
# 0 < L_\mathrm{upper} - L_\mathrm{lower} < \mathrm{IQR}/2
# ```
#
# Nine numbers are enough to follow it by hand: their quartiles are 3 and 7, so the IQR is 4, and their maximum is 15.

# %%
nine = [1, 2, 3, 4, 5, 6, 7, 8, 15]
for n in (1.5, 1.55):
    toy = vhi.thresholds_at(nine, n)
    gap = toy.upper - toy.lower
    print(f"n = {n:.2f}: lower {toy.lower:.1f}, {gap:.1f} below the maximum")
rule = vhi.estimate_thresholds(nine)
print(f"less than IQR/2 = {rule.iqr / 2:.1f} is wanted: n = {rule.multiple:.2f}")

# %% [markdown]
# At 1.5 the distance is exactly half the IQR, which is not less than half: $n$ takes one step.

# %% [markdown]
# :::{note}
# The authors' code has a second rule that the preprint does not mention: where even $n = 1.5$ lies above the maximum, $n$
# *shrinks* by 0.05 until it does not. No normal bone of the study needs it. Theirs rounds the distance to three decimals, which
# makes it depend on the scanner's intensity scale; ours compares with a part of the IQR and does not. A small area of normal
# bone, drawn by hand, can need the rule.
# :::

# %%
short_tail = vhi.estimate_thresholds([1, 2, 3, 4, 5, 6, 7, 8, 9])
print(f"maximum 9: n = {short_tail.multiple:.2f}, lower {short_tail.lower:.1f}")

# %% [markdown]
# ### This scan

# %%
n, quartile, iqr = thresholds.multiple, thresholds.upper_quartile, thresholds.iqr
print(
    f"lower {digits(quartile, 2, 5)} + {n:.2f} x {digits(iqr, 2, 4)} "
    f"= {digits(thresholds.lower, 4, 7)}"
)
print(f"upper {digits(thresholds.upper, 4, 7)}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-threshold-histogram", "caption": "STIR intensities of normal bone (scanner units; n = 1 scan, number of voxels in the title) with upper quartile, lower and upper threshold. Takeaway: both thresholds lie in the far right tail, where hardly any healthy voxel is."}, "image": {"alt": "Histogram of the STIR intensities of normal bone, one hump. A dotted line marks the upper quartile on its right flank, dashed lines at the far right the lower and the upper threshold."}}
fig, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
figures.draw_histogram(axes, measurement.intensities, thresholds)
plt.show()

# %% tags=["remove-input"]
above = np.mean(intensities >= thresholds.lower)
print(
    fill(
        f"{above:.2%} of normal bone itself reaches the lower threshold. The upper one is by "
        "definition reached by its brightest voxel alone, or by several that are equally bright."
    )
)

# %% [markdown]
# ### Move the thresholds
#
# What would another $n$ let through? First in numbers, of the whole scan.


# %%
def volume_at(t):
    labels = vhi.label_candidates(stir.array, measurement.disease_region.array, t)
    kept = vhi.remove_small_regions(labels, slice_axis=stir.slice_axis)
    return vhi.measure_volume(kept > 0, stir.spacing_mm)


for n in (1.0, 1.5, 2.0, 2.5, 3.0):
    volume = volume_at(vhi.thresholds_at(measurement.intensities, n))
    print(f"n = {n:.1f}: {volume.voxels:7,} voxels, {volume.mm3:9,.0f} mm³")
print(f"by the rule, n = {thresholds.multiple:.2f}, before cleaning:")
for name, volume in (("lower", measurement.vhi), ("upper", measurement.vhi_upper)):
    print(f"at or above the {name} threshold {volume.voxels:,} voxels, {volume.mm3:,.0f} mm³")

# %% [markdown]
# Now by hand. The slices with most candidates lie on this page: move $n$, or either threshold on the histogram
# of normal bone (a handle takes the mouse, a finger, or the arrow keys). Candidates, count and volume follow, and the point on
# the curve. A button leads back to the rule.

# %% tags=["nbval-ignore-output", "remove-input"]
from vhi.controls import NormalBoneControl, ThresholdControl

ThresholdControl(measurement.candidates, t1w=measurement.t1w)

# %% [markdown]
# The lower the threshold, the more is marked, inflammation and noise alike. From a certain $n$ on the lower threshold
# would pass the upper one; it is held there, and the curve runs level.

# %% [markdown]
# ### Draw normal bone yourself
#
# The yardstick is drawn by a person, so try it: drag the ellipse over the marrow, resize it at its grips, and watch quartiles
# and thresholds. It begins about where and as large as the given normal bone. What if it takes in a vessel? A button moves it
# just far enough to include the brightest bone beside it; code cannot tell whether that is a vessel, but it shows what follows.

# %%
bone = measurement.normal_bone.array.astype(np.uint8)
drawn = vhi.find_regions(stir.with_array(bone)).describe_lesions(stir)[0]
centre, (first, last) = list(drawn.voxel), drawn.slices
centre[stir.slice_axis], slices = (first + last) // 2, last - first + 1
radius_mm = [max(round(np.sqrt(drawn.area_mm2 / slices / np.pi)), 1)]
area = {"centre": centre, "radius_mm": radius_mm, "slices": slices}
inside = stir.array[vhi.draw_normal_bone(stir, **area)]
t = vhi.estimate_thresholds(inside)
print(f"circles of {radius_mm[0]} mm radius on {slices} slices around voxel {tuple(centre)}:")
print(
    f"{inside.size:,} voxels, thresholds {digits(t.lower)} and {digits(t.upper)}, n = {t.multiple:.2f}"
)

# %% tags=["nbval-ignore-output", "remove-input"]
NormalBoneControl(stir, bone=measurement.disease_region, **area)

# %% [markdown]
# ## Check
#
# The same rule on every case of the source. The last column repeats {eq}`eq-thresholds` and {eq}`eq-multiple` with numpy
# alone.


# %%
def follows_the_rule(values, t):
    lower_quartile, upper_quartile = np.percentile(values, [25, 75])
    iqr, gap = upper_quartile - lower_quartile, values.max() - t.lower
    return np.isclose(t.lower, upper_quartile + t.multiple * iqr) and 0 < gap < iqr / 2


# %%
measured = [vhi.measure(each) for each in vhi.load_cases(SOURCE)]
table = pd.DataFrame(
    {"case": m.case, "visit": m.visit, "voxels": m.intensities.size, **asdict(m.thresholds)}
    for m in measured
)
table["rule"] = [follows_the_rule(m.intensities, m.thresholds) for m in measured]
short = table.rename(columns={"upper_quartile": "Q_U", "iqr": "IQR", "multiple": "n"})
print(short.to_string(index=False, float_format=lambda x: digits(x, 4, 5)))

# %% tags=["remove-input"]
print(
    fill(
        f"{len(table)} scans; the rule holds on {table.rule.sum()}. The lower threshold runs from "
        f"{digits(table.lower.min())} to {digits(table.lower.max())} scanner units, normal bone from "
        f"{table.voxels.min():,} to {table.voxels.max():,} voxels."
    )
)

# %% [markdown]
# The study's authors published the intensities of normal bone they worked with. Where the study's scans are measured, ours
# must be the same, scan by scan.

# %%
from vhi.cases import fetch

if SOURCE == "study":
    folder = "generated_files/normal_bone_intensities"
    files = [f"{folder}/{m.case}_normal_bone_ints.txt" for m in measured]
    places = fetch(files)
    theirs = [np.sort(np.loadtxt(places[file])) for file in files]
    equal = [
        np.array_equal(np.sort(m.intensities), t) for m, t in zip(measured, theirs, strict=True)
    ]
    print(f"{sum(equal)} of {len(equal)} scans: every intensity equals the authors' file")
else:
    print("not the study's scans: the authors' files say nothing about these")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# The threshold belongs to the scan, not to the scanner: it is read off the patient's own healthy marrow by a rule that
# anybody can repeat with a pocket calculator. What a person decides is where normal bone is drawn.
# :::
#
# ## Exercise
#
# :::{admonition} Halve the area
# :class: seealso
# How much do the thresholds depend on how much normal bone is drawn? Take half of the voxels: every second one, then the
# first and the second half in array order. Which threshold moves more, and why?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
voxels = np.argwhere(measurement.normal_bone.array)
half = len(voxels) // 2
parts = {"every second": voxels[::2], "first half": voxels[:half], "second half": voxels[half:]}
for name, part in {"all": voxels, **parts}.items():
    t = vhi.estimate_thresholds(stir.array[tuple(part.T)])
    labels = vhi.label_candidates(stir.array, measurement.disease_region.array, t)
    left_over = np.count_nonzero(vhi.remove_small_regions(labels, slice_axis=stir.slice_axis))
    print(f"{name:>12}: n = {t.multiple:.2f}, lower {t.lower:6.1f}, upper {t.upper:6.1f},", end="")
    print(f" {left_over:6,} candidates")

# %% [markdown]
# :::{dropdown} Solution in words
# Quartiles rest on thousands of voxels and hardly change when every second one goes. The upper threshold rests on a single
# voxel, the brightest: when that one is left out it drops to the next, and the lower threshold, which is drawn towards it,
# may follow. Halves from different places differ more, because marrow is not equally bright everywhere.
# :::
