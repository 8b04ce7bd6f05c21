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
# (page-region)=
# # The disease region
#
# :::{admonition} On this page
# **You will** see where inflammation is looked for, how large that region is, and what it changes whether normal bone
# belongs to it.
#
# **You need** [](#page-thresholds).
#
# **It takes** 10 minutes.
# :::
#
# ## Question
#
# Much in a pelvis is brighter than healthy marrow: bowel, vessels, the spinal canal. None of it is bone. Where may
# the thresholds be applied?

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
stir, region = measurement.stir, measurement.disease_region
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% [markdown]
# ## Picture
#
# The {term}`disease region` is bone. It is drawn on {term}`T1w`, which shows anatomy, and used on {term}`STIR`, which
# shows water.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-disease-region", "caption": "The disease region (blue line) on T1w, where it is drawn, and on STIR, where it is used; one slice of the scan (n = 1), grey levels in scanner units. Right: everything on that STIR slice that is as bright as the lower threshold or brighter, yellow, and from the upper one on, red, if the whole picture counted. Takeaway: without the region much that is no bone would be marked."}, "image": {"alt": "Three pictures of one oblique coronal slice. Left T1w and middle STIR with a blue outline around sacrum and ilia. Right the STIR slice with bowel, vessels and canal coloured red and yellow beside the bone."}}
(index,) = orientation.fullest_slices(region.array, stir.slice_axis, 1)
anywhere = vhi.label_candidates(stir.array, np.ones(stir.shape, bool), measurement.thresholds)
box = orientation.box_of(region, orientation.view_of(stir))
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
for axes, image in ((left, measurement.t1w), (middle, stir)):
    window = orientation.window_of(image, region.array)
    figures.draw_slice(axes, image, index, outline=region.array, window=window, box=box)
figures.draw_slice(right, stir, index, labels=anywhere, window=window, box=box)
for axes, title in ((left, "T1w"), (middle, "STIR"), (right, "STIR, all that is bright")):
    axes.set_title(f"{title} (slice {index})", fontsize=12)
plt.show()

# %% tags=["remove-input"]
bright, in_bone = np.count_nonzero(anywhere), np.count_nonzero(measurement.candidates.labels.array)
print(
    fill(
        f"{bright:,} voxels of the whole scan reach the lower threshold; {in_bone:,} of them, "
        f"{in_bone / bright:.1%}, lie in the disease region. Only these are candidates."
    )
)

# %% [markdown]
# ## Code
#
# ### Where the mask comes from
#
# In the preprint a {term}`U-Net` draws the region on T1w, and its mask is corrected by hand where it fails
# {cite:p}`hepburn2021preprint`. It was trained on manual masks which include "all bone in the imaged pelvis, the sacroiliac
# and facet joint spaces". On these pages the mask is given: the study's manual one, or the one that the phantom's code knows
# to be right. Our own network, and how well it does, come later ([](#page-network-sees), [](#page-results)).
#
# ### How large it is

# %%
other_axes = tuple(axis for axis in range(3) if axis != stir.slice_axis)
pixel_mm2 = stir.voxel_volume_mm3 / stir.spacing_mm[stir.slice_axis]
area_cm2 = region.array.sum(axis=other_axes) * pixel_mm2 / 100
print("slice  area (cm²)")
for number in range(0, len(area_cm2), 4):
    print(f"{number:5} {area_cm2[number]:10.1f}")
volume_ml = np.count_nonzero(region.array) * stir.voxel_volume_mm3 / 1000
print(f"all {len(area_cm2)} slices: {volume_ml:.0f} ml by pitch")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-area-by-slice", "caption": "Area of the disease region in cm² for each slice of the scan (n, the number of slices, in the title), first slice in front or behind as the file has it. Takeaway: the slices through the sacroiliac joints hold the most bone; the first and the last hold little."}, "image": {"alt": "Bar chart with one bar for each slice: the area of bone in square centimetres, low at both ends and high between."}}
fig, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
axes.bar(range(len(area_cm2)), area_cm2, color="#8aa1b4")
axes.set(xlabel="slice", ylabel="area (cm²)", title=f"n = {len(area_cm2)} slices")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% tags=["remove-input"]
print(
    fill(
        f"The fullest slice, {int(area_cm2.argmax())}, holds {area_cm2.max():.1f} cm² of bone, the "
        f"emptiest {area_cm2.min():.1f} cm²."
    )
)

# %% [markdown]
# ### In or out: normal bone
#
# In words, the preprint's disease region is "all of the imaged bone in the pelvis, [...] apart from the normal bone region".
# But the masks of the study contain part of the normal bone, in some scans all of it, and the authors' numbers do not
# subtract it. Ours do not either, so that they can be compared; an option takes it out. What does it change?

# %%
without = vhi.measure(case, exclude_normal_bone=True)
overlap = np.count_nonzero(region.array & measurement.normal_bone.array)
drawn = np.count_nonzero(measurement.normal_bone.array)
print(f"normal bone in the disease region: {overlap} of {drawn} voxels ({overlap / drawn:.1%})")
print(f"candidates with it    {measurement.vhi.voxels:7} voxels, {measurement.vhi.mm3:9.1f} mm³")
print(f"candidates without it {without.vhi.voxels:7} voxels, {without.vhi.mm3:9.1f} mm³")

# %% tags=["remove-input"]
change = measurement.vhi.voxels - without.vhi.voxels
print(
    fill(
        f"Taking normal bone out changes VHI before cleaning by {change} voxels, "
        f"{change / max(measurement.vhi.voxels, 1):.2%}."
    )
)

# %% [markdown]
# It could hardly be much: the lower threshold lies in the far tail of normal bone's own intensities
# ({numref}`fig-threshold-histogram`), and single bright voxels go as {term}`specks <speck>`
# ([](#page-candidates)).
#
# ## Check
#
# The same for every case of the source: how much of normal bone lies inside the region, and VHI before cleaning in voxels, with
# normal bone and without.

# %%
rows = []
for each in vhi.load_cases(SOURCE):
    m = vhi.measure(each)
    bone, inside = m.normal_bone.array, m.disease_region.array
    cut_out = m.disease_region.with_array(inside & ~bone)
    volume_ml = np.count_nonzero(inside) * m.stir.voxel_volume_mm3 / 1000
    rows.append(
        {"case": each.case, "visit": each.visit, "region (ml)": f"{volume_ml:.1f}"}
        | {"bone inside": f"{inside[bone].mean():.1%}", "VHI with": m.vhi.voxels}
        | {"VHI without": vhi.measure_images(m.stir, m.normal_bone, cut_out).vhi.voxels}
    )
table = pd.DataFrame(rows)
print(table.to_string(index=False))

# %% tags=["remove-input"]
largest = (table["VHI with"] - table["VHI without"]).max()
print(f"On {len(table)} scans the largest difference is {largest} voxels.")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# The disease region says where to look, and that decides more than any threshold: most bright tissue is not bone. Whether
# normal bone counts to it matters little, but whoever compares numbers should say.
# :::
#
# ## Exercise
#
# :::{admonition} One pixel less
# :class: seealso
# Nobody outlines bone to the pixel. Shrink the region by one pixel on every slice, then let it grow by one. How many voxels
# of candidates are lost or gained, and in what tissue do you expect the gain? (`scipy.ndimage` has `binary_erosion` and
# `binary_dilation`.)
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
from scipy import ndimage

cross = np.zeros((3, 3, 3), bool)
by_slice = np.moveaxis(cross, stir.slice_axis, 0)
by_slice[1] = ndimage.generate_binary_structure(2, 1)
for name, change in (("shrunk", ndimage.binary_erosion), ("grown", ndimage.binary_dilation)):
    other = region.with_array(change(region.array, cross))
    volume = vhi.measure_images(stir, measurement.normal_bone, other).vhi
    ratio = volume.voxels / max(measurement.vhi.voxels, 1) - 1
    print(f"{name:7} {volume.voxels:7} voxels, {volume.mm3:9.1f} mm³ ({ratio:+.0%})")

# %% [markdown]
# :::{dropdown} Solution in words
# The rim of the region touches what is bright and not marrow: joint fluid, vessels at the surface of bone, nerve roots in
# the foramina, fat that the scanner did not suppress. A region drawn one pixel too wide collects it, and a reader has to
# remove it. A region drawn too tight loses marrow right below the joint surface, where inflammation is sought.
# :::
