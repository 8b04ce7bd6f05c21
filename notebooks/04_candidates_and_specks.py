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
# (page-candidates)=
# # Candidates and specks
#
# :::{admonition} On this page
# **You will** label the bright voxels of bone, remove specks, and count what is left, on every scan of the source.
#
# **You need** [](#page-region).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# Both thresholds and the disease region are known. Which voxels should a reader look at, and which are so few that they are
# noise?

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
from vhi.images import orientation
from vhi.results import figures

case = vhi.find_case(SOURCE, CASE, VISIT)
measurement = vhi.measure(case)
stir, axis = measurement.stir, measurement.stir.slice_axis
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% [markdown]
# ## Picture
#
# Before and after specks are removed: the same slice, the same thresholds.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-specks", "caption": "Candidates on one STIR slice (n = 1 of the scan, the one with most candidates), before and after regions of fewer than four pixels are removed; the number of regions on this slice stands above each picture. Yellow: from the lower threshold on; red: from the upper one on. Takeaway: many regions go, but only a small part of the voxels."}, "image": {"alt": "The same oblique coronal STIR slice twice. Left: bone with many small yellow and red dots beside larger red areas. Right: the dots of one to three pixels are gone, the larger areas are unchanged."}}
(index,) = orientation.fullest_slices(measurement.kept.array, axis, 1)
box = orientation.box_of(measurement.disease_region, orientation.view_of(stir))
window = orientation.window_of(stir, measurement.disease_region.array)
fig, panels = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
for axes, image, when in zip(
    panels, (measurement.candidates.labels, measurement.kept), ("Before", "After"), strict=True
):
    on_slice = np.take(image.array, [index], axis=axis) > 0
    _, count = vhi.label_regions(on_slice, slice_axis=axis)
    figures.draw_slice(axes, stir, index, labels=image.array, window=window, box=box)
    axes.set_title(f"{when}: {count} regions (slice {index})", fontsize=12)
plt.show()

# %% tags=["remove-input"]
before, after = measurement.candidates.labels.array > 0, measurement.kept.array > 0
regions = [vhi.label_regions(mask, slice_axis=axis)[1] for mask in (before, after)]
print(
    fill(
        f"On all slices together {regions[0]} regions become {regions[1]}, and "
        f"{np.count_nonzero(before)} voxels become {np.count_nonzero(after)}."
    )
)

# %% [markdown]
# ## Code
#
# ### Three labels
#
# In the disease region a voxel is labelled 0 below the lower threshold, 1 from the lower threshold on, and 2 from the upper
# one on. Both thresholds are inclusive: a voxel that equals one has reached it. Labels 1 and 2 together are the
# {term}`candidates <candidate>` of the primary analysis.

# %%
labels = vhi.label_candidates(stir.array, measurement.disease_region.array, measurement.thresholds)
for label, name in enumerate(("below, or no bone", "lower threshold only", "upper threshold")):
    print(f"label {label}: {np.count_nonzero(labels == label):8} voxels  {name}")

# %% [markdown]
# ### What a region is
#
# A {term}`region` is a set of candidates that touch within one slice. Two pixels touch at a side *or at a corner*: each has
# eight neighbours. Slices are 3.3 mm apart and pixels 0.6 mm, so the preprint's rule works slice by slice: "regions
# containing <4 pixels (i.e. any region with an area <1.39mm²), which are commonly due to noise or small vessels within the
# bone marrow, are automatically removed". Three go, four stay, on a slice made by hand:

# %%
toy = np.zeros((5, 14, 1), np.uint8)
toy[1, 1:4, 0] = 1  # three in a row
toy[1, 6:8, 0] = toy[2, 6:8, 0] = 1  # four in a square
toy[[0, 1, 2, 3], [9, 10, 11, 12], 0] = 2  # four that touch at corners only
kept = vhi.remove_small_regions(toy)
for number in range(5):
    rows = ("".join(".12"[value] for value in array[number, :, 0]) for array in (toy, kept))
    print("   ".join(rows))

# %% [markdown]
# The row of three is gone; the square stays, and so does the diagonal chain of four.
#
# ### How large regions are

# %%
numbered, count = vhi.label_regions(before, slice_axis=axis)
pixels = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
for size in range(1, 7):
    what = "removed" if size < 4 else "kept"
    print(f"{size} pixels: {np.count_nonzero(pixels == size):5} regions {what}")
print(
    f"larger:   {np.count_nonzero(pixels > 6):5} regions kept, the largest of {pixels.max(initial=0)}"
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-region-sizes", "caption": "Number of regions by size in pixels (n, the regions of the whole scan, in the title; the last bar holds all larger ones). Grey: removed, fewer than four pixels. Red: kept. Takeaway: a large part of all regions are specks."}, "image": {"alt": "Bar chart of the number of regions by size from 1 to 20 pixels. The three bars for one, two and three pixels are grey, the rest red."}}
shown = np.clip(pixels, 1, 21)
heights = np.bincount(shown, minlength=22)[1:]
fig, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.bar(range(1, 22), heights, color=["#8aa1b4"] * 3 + [figures.RED] * 18)
axes.set_xticks([1, 4, 8, 12, 16, 21], ["1", "4", "8", "12", "16", "> 20"])
axes.set(xlabel="pixels in the region", ylabel="regions", title=f"n = {count} regions")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% tags=["remove-input"]
specks = pixels[pixels < 4]
print(
    fill(
        f"{specks.size} of {count} regions are specks; they hold {specks.sum()} of {pixels.sum()} "
        "voxels."
    )
)

# %% [markdown]
# ### Regions and lesions
#
# Specks are sought within slices. What continues from slice to slice is called a {term}`lesion`: voxels that touch at a
# face, an edge or a corner belong together, 26 neighbours for each. A lesion is what the report lists; a region is what a
# reader keeps or removes.

# %%
lesions = measurement.lesions
print(f"{len(measurement.regions)} regions in {len(lesions)} lesions; the five largest:")
print("lesion  side   slices  voxels       mm³   mean   peak")
for lesion in lesions[:5]:
    first, last = lesion.slices
    print(
        f"{lesion.id:6}  {lesion.side:5} {first:3}-{last:2}  {lesion.voxels:7} {lesion.volume_mm3:9.1f}",
        end="",
    )
    print(f" {lesion.mean:6.1f} {lesion.peak:6.1f}")

# %% [markdown]
# Volumes are by pitch; mean and peak are STIR intensities in scanner units.
#
# ### Move the limit
#
# First in numbers, of the whole scan.

# %%
for limit in (1, 2, 4, 8, 16):
    labels = vhi.remove_small_regions(
        measurement.candidates.labels.array, min_pixels=limit, slice_axis=axis
    )
    _, count = vhi.label_regions(labels > 0, slice_axis=axis)
    volume = vhi.measure_volume(labels > 0, stir.spacing_mm)
    print(f"{limit:2} pixels or more: {count:5} regions, {volume.voxels:7} voxels,", end="")
    print(f" {volume.mm3:8,.0f} mm³")

# %% [markdown]
# Now by hand, on the slices with most candidates: regions under the limit fade to turquoise, and what is left is counted. What
# counts as touching can be changed too: at sides and corners, as in the paper, or at sides only.

# %% tags=["nbval-ignore-output", "remove-input"]
from vhi.controls import SpeckControl

SpeckControl(measurement.candidates, t1w=measurement.t1w)

# %% [markdown]
# ## Check
#
# First, the same count by a plain loop over slices that shares no code with the library's:

# %%
from scipy import ndimage

left = 0
for plane in np.moveaxis(before, axis, 0):
    numbered, count = ndimage.label(plane, structure=np.ones((3, 3)))
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    left += sizes[sizes >= 4].sum()
print(
    f"plain loop {left}, library {after.sum()}: {'equal' if left == after.sum() else 'DIFFERENT'}"
)

# %% [markdown]
# Second, every case of the source. For the study these are the counts that this project has to reproduce exactly.

# %%
rows = []
for each in vhi.load_cases(SOURCE):
    m = vhi.measure(each)
    counts = {
        f"{name} {when}": np.count_nonzero(image.array >= label)
        for name, label in (("lower", 1), ("upper", 2))
        for when, image in (("before", m.candidates.labels), ("after", m.kept))
    }
    rows.append({"case": each.case, "visit": each.visit, **counts, "regions": len(m.regions)})
table = pd.DataFrame(rows)
print(table.to_string(index=False))

# %% tags=["remove-input"]
gone = 1 - table["lower after"] / table["lower before"].clip(lower=1)
print(
    fill(
        f"On {len(table)} scans specks hold between {gone.min():.1%} and {gone.max():.1%} of the "
        "candidates."
    )
)

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# Candidates are the voxels of bone as bright as the lower threshold or brighter. Removing regions under four pixels takes
# away most of the regions a reader would have to judge and little of the volume.
# :::
#
# ## Exercise
#
# :::{admonition} Corners do not count
# :class: seealso
# Let pixels touch at their sides only (four neighbours instead of eight). Will more or fewer voxels be removed as specks?
# Guess first, then change one line of the plain loop above.
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
left_by_sides = 0
for plane in np.moveaxis(before, axis, 0):
    numbered, count = ndimage.label(plane)  # without a structure: sides only
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    left_by_sides += sizes[sizes >= 4].sum()
print(f"sides and corners {left} voxels stay, sides only {left_by_sides}")
print(f"{left - left_by_sides} more voxels go: chains held together by corners alone fall apart")
