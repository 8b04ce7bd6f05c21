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
# (page-data)=
# # The question and the data
#
# :::{admonition} On this page
# **You will** see what is measured and on which scans, check that the files are the right ones, and learn how big a voxel is.
#
# **You need** nothing; no Python either, if you only read.
#
# **It takes** 10 minutes.
# :::
#
# ## Question
#
# How much inflammation is in these bones? In {term}`axial spondyloarthritis <axSpA>` the marrow beside the
# {term}`sacroiliac joints <sacroiliac joint>` becomes inflamed. Inflamed marrow holds more water
# ({term}`bone marrow oedema`), and water is bright on {term}`STIR`. So the question is: how large is the volume of bone
# that is too bright?
#
# Looking is not measuring. Vessels, joint fluid and artefacts are bright too, and oedema fades out without an edge. In the
# preprint two radiologists outlined inflammation on eight scans, each of them twice: the {term}`Dice` overlap (1 is
# identity) between a reader's two attempts, a month apart, had medians of 0.63 and 0.69, that between readers 0.53 to 0.56
# {cite:p}`hepburn2021preprint`. Scores such as {term}`SPARCC` avoid the outline and count quadrants
# {cite:p}`maksymowych2005`; they level off where inflammation is extensive. {term}`VHI` is the third way: the computer
# outlines by a rule, the reader only says what is not inflammation {cite:p}`hepburn2023`.

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
stir, t1w = measurement.stir, measurement.t1w
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% [markdown]
# ## Picture
#
# Two scans of one visit show the same slice with different eyes.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-two-scans", "caption": "One oblique coronal slice (n = 1 of the scan) with the most candidates, on T1w and on STIR; grey levels in scanner units, which differ between the two. On T1w fat, and with it healthy marrow, is bright: read anatomy here. On STIR fat is dark and water is bright: read inflammation here. R and L are the patient's right and left. Takeaway: STIR asks where water is, T1w says which tissue that is."}, "image": {"alt": "Two grey pictures of the same oblique coronal slice through the pelvis: sacrum in the middle, an ilium on either side, the sacroiliac joints as dark lines between them. On the left T1w with bright marrow, on the right STIR with grey marrow and bright water."}}
(index,) = orientation.fullest_slices(measurement.kept.array, stir.slice_axis, 1)
box = orientation.box_of(measurement.disease_region, orientation.view_of(stir))
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for axes, image, name in ((left, t1w, "T1w"), (right, stir, "STIR")):
    window = orientation.window_of(image, measurement.disease_region.array)
    figures.draw_slice(axes, image, index, window=window, box=box)
    axes.set_title(f"{name}, slice {index}", fontsize=12)
plt.show()

# %% tags=["remove-input"]
size = " x ".join(map(str, stir.shape))
print(
    fill(
        f"Both scans have {size} voxels. Slices are counted from 0; this is slice {index}, the one "
        "with most candidates for inflammation. Nothing has been marked in it yet."
    )
)

# %% [markdown]
# ## Code
#
# ### The cases
#
# Cases come from three sources with one interface: `study`, the ten public scans of the paper; `phantom`, scans made by
# code with known truth; or a table of your own ([](#page-own-scans)). All pages run on any of them. Built on the phantom, a
# page says so in a banner at its top.

# %%
cases = vhi.load_cases(SOURCE)
table = pd.DataFrame(
    {
        "case": each.case,
        "visit": each.visit or "-",
        "normal bone": "given" if each.normal_bone else "-",
        "disease region": "given" if each.disease_region else "-",
        "drawn by readers": sum(mask.trial != "cleaned" for mask in each.reader_masks),
        "thickness (mm)": each.slice_thickness_mm or "not known",
    }
    for each in cases
)
print(table.to_string(index=False))

# %% tags=["remove-input"]
read = np.count_nonzero(table["drawn by readers"])
print(
    fill(
        f"{len(cases)} visits; on {read} of them inflammation has been drawn by hand (on the "
        "phantom by code: the truth, and two simulated readers, twice each)."
    )
)

# %% [markdown]
# Before and after do not belong together in the study's ten: each scan is of another patient. A change between two visits
# can be followed on the phantom ([](#page-accuracy)).
#
# ### Where the files come from, and what you may do with them
#
# The study's scans are the paper's public supplement. It states no licence. So none of them is part of this project: they
# are fetched from the supplement to your own cache, each file is verified by its hash, and pictures made from them stay with
# you. The book that may be published shows the phantom only.

# %%
from vhi.cases import manifest

published = {file.path.split("/")[-1]: file.sha256 for file in manifest()}
for name, digest in measurement.inputs.items():
    known = "not in the study's list" if name not in published else "verified"
    if known == "verified" and published[name] != digest:
        known = "WRONG"
    print(f"{name:30} sha256 {digest[:12]}...  {known}")

# %% [markdown]
# The hash is a fingerprint: one changed voxel would give another. The report of every measurement lists it.
#
# ### How big is a voxel?
#
# The scans are slices with gaps between them. {term}`NIfTI` files store the distance from slice to slice, the
# {term}`pitch`, but not how thick the imaged slice is. So a voxel has two volumes, and a volume in mm³ must say which one
# it uses.

# %%
thickness = measurement.scans.slice_thickness_mm
one = vhi.measure_volume(np.ones((1, 1, 1), bool), stir.spacing_mm, slice_thickness_mm=thickness)
print("spacing", " x ".join(f"{step:.4f}" for step in stir.spacing_mm), "mm")
print(f"one voxel by pitch           {one.mm3:.4f} mm³")
if thickness is None:
    print("one voxel by slice thickness not known")
else:
    print(
        f"one voxel by slice thickness {one.mm3_slice_thickness:.4f} mm³ ({thickness:g} mm slices)"
    )

# %% [markdown]
# By pitch, the gap counts to the slices beside it: that is the volume of the tissue if nothing changes within the gap. By
# thickness, only what was imaged counts. These pages give mm³ by pitch unless they say otherwise; the report gives both.
#
# ### Slices lie obliquely
#
# Slices follow the sacrum, which is tilted forward. Neither left nor up can be read off the order of the array; the
# {term}`affine`, the matrix from voxel to patient, knows.

# %%
normal = stir.affine[:3, stir.slice_axis] / stir.spacing_mm[stir.slice_axis]
tilt = np.degrees(np.arccos(abs(normal[1])))
print(f"slices are tilted by {tilt:.0f} degrees from the coronal plane")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-oblique", "caption": "The slices of this scan seen from the patient's side (n, their number, in the title; axes in mm from the scanner's centre, front to the right, head up). Each line is the middle row or column of one slice from end to end. Takeaway: the slices lie obliquely, so directions come from the affine and not from the array's order."}, "image": {"alt": "Line drawing seen from the side: many parallel tilted lines of equal length, one for each slice, evenly spaced."}}
view, (ni, nj, nk) = orientation.view_of(stir), stir.shape
fig, axes = plt.subplots(figsize=(5, 5), layout="constrained")
for k in range(stir.shape[stir.slice_axis]):
    ends = np.tile((np.array(stir.shape) - 1) / 2, (2, 1))
    ends[:, stir.slice_axis] = k
    ends[:, view.rows] = 0, stir.shape[view.rows] - 1
    y, z = stir.world(ends)[:, 1:].T
    axes.plot(y, z, color="#44525f", linewidth=1)
axes.set_aspect("equal")
axes.set(xlabel="back to front (mm)", ylabel="foot to head (mm)", title=f"n = {k + 1} slices")
plt.show()

# %% [markdown]
# ## Check
#
# T1w, STIR and the masks must lie on one grid, or the wrong voxels would be measured. Headers can say the same thing in
# several ways, so the eight corners are compared in mm. More than 0.05 mm apart, a twelfth of a study pixel, is refused.

# %%
from vhi.images import corner_misfit_mm

for name in ("t1w", "normal_bone", "disease_region"):
    misfit = corner_misfit_mm(stir, getattr(measurement, name))
    print(f"{name:15} corners at most {misfit:.3f} mm from those of STIR")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# VHI is a volume of bone that is too bright on STIR. Whatever file it comes from is known by its hash, and whoever quotes
# it in mm³ says whether gaps between slices count.
# :::
#
# ## Exercise
#
# :::{admonition} A thousand voxels
# :class: seealso
# How many mm³, and how many millilitres, are 1000 voxels of this scan, by either convention? The preprint describes its
# voxels as 0.59 × 0.59 × 3 mm: which convention is that, and what would 1000 voxels be then?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
thousand = vhi.measure_volume(
    np.ones((10, 10, 10), bool), stir.spacing_mm, slice_thickness_mm=thickness
)
print(f"by pitch           {thousand.mm3:7.1f} mm³ = {thousand.mm3 / 1000:.3f} ml")
if thickness is not None:
    volume = thousand.mm3_slice_thickness
    print(f"by slice thickness {volume:7.1f} mm³ = {volume / 1000:.3f} ml")
print(f"as in the preprint {1000 * 0.59 * 0.59 * 3:7.1f} mm³ (rounded pixels, by slice thickness)")
