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
# (page-own-scans)=
# # Your own scans
#
# :::{admonition} On this page
# **You will** go from the scanner's files to a report: convert, draw normal bone, measure, clean, and measure many.
#
# **You need** a STIR and a T1w scan of one visit, in the same slices; `vhi` installed ([](../how-to-run)); for looking at masks
# and correcting them a free program, ITK-SNAP or 3D Slicer. No Python but for cleaning: everything else is
# typed into a terminal.
#
# **It takes** one minute to a first number, 20 minutes to one that you can defend, and an hour more where you draw the disease
# region by hand.
# :::
#
# :::{warning}
# Research use only. This is not a medical device; no decision about a patient may rest on it.
# :::
#
# ## Question
#
# Two scans of my own patient, or volunteer, lie on a disk. How do I get to a number that I can defend?

# %% tags=["parameters", "hide-input"]
import os

from vhi import case_names

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table
CASE, VISIT = ("1007", "before") if SOURCE == "study" else case_names(SOURCE)[0]

# %% [markdown]
# ## From DICOM to NIfTI
#
# Scanners write {term}`DICOM`, `vhi` reads {term}`NIfTI`. The converter dcm2niix {cite:p}`li2016` turns each series into one
# file. This is a recipe for a terminal; it is not run here.
#
# ```bash
# dcm2niix -z y -b y -ba y -f %p_%s -o nifti dicom
# ```
#
# `-z y` compresses; `-b y` writes a small `.json` beside each scan, from which `vhi` takes the slice thickness; `-ba y` keeps
# the patient's name out of it. File names become series name and number. Then:
#
# - pick the STIR and the T1w series with equal slices (same number, same position); `vhi` refuses pairs that do not fit;
# - keep the `.json` beside the STIR file, under the same name;
# - look at both once in a viewer: no missing slices, no fold-over on bone.
#
# Here, the scans of the case above play somebody's own files: copied to an empty folder under plain names.

# %% tags=["hide-input"]
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import fill

import vhi
from book.drawings.missing_masks import with_masks

(case,) = with_masks([vhi.find_case(SOURCE, CASE, VISIT)])
home = tempfile.TemporaryDirectory()
folder = Path(home.name)
for name in ("stir", "t1w", "disease_region"):
    shutil.copyfile(getattr(case, name), folder / f"{name}.nii.gz")
if case.slice_thickness_mm:  # as dcm2niix writes it
    sidecar = json.dumps({"SliceThickness": case.slice_thickness_mm})
    (folder / "stir.json").write_text(sidecar)


def terminal(line):
    """Type a command into a terminal that stands in the folder, and show what comes back."""
    print("$", line.replace("\n", " \\\n"))
    command = [sys.executable, "-m", "vhi", *shlex.split(line)[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    for answer in (done.stdout + done.stderr).splitlines():
        print(fill(answer, 74))
    print(f"(exit status {done.returncode})")
    assert done.returncode in (0, 2), done.stderr  # 2: bad input; anything else is our mistake


print("\n".join(sorted(path.name for path in folder.iterdir())))

# %% [markdown]
# ## Picture
#
# What has to be there: two scans that lie on one grid, and on them two areas, one for healthy marrow, one for all bone.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-own-scans", "caption": "The ingredients, on one slice (n = 1 scan; grey levels in scanner units). Left: STIR with the circle of normal bone that is drawn below, by numbers. Right: T1w with the disease region, which is drawn in a viewer. Takeaway: two scans and two areas are all that a measurement needs."}, "image": {"alt": "Two oblique coronal slices. Left STIR with a small blue circle in the middle of the sacrum. Right T1w with a blue outline around sacrum and ilia."}}
import matplotlib.pyplot as plt
import numpy as np

from vhi.digits import digits
from vhi.images import orientation
from vhi.results import figures

stir, t1w = vhi.load_image(folder / "stir.nii.gz"), vhi.load_image(folder / "t1w.nii.gz")
region = vhi.load_mask(folder / "disease_region.nii.gz")
given = vhi.load_mask(case.normal_bone)
bone = vhi.find_regions(given).describe_lesions(stir)[0]
centre, (first, last) = list(bone.voxel), bone.slices
centre[stir.slice_axis] = index = (first + last) // 2
slices = last - first + 1
radius = max(round(np.sqrt(bone.area_mm2 / slices / np.pi)), 1)
circle = vhi.draw_normal_bone(stir, centre=centre, radius_mm=[radius], slices=slices)
box = orientation.box_of(region, orientation.view_of(stir))
fig, panels = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
for axes, image, outline in zip(panels, (stir, t1w), (circle, region.array), strict=True):
    window = orientation.window_of(image, region.array)
    figures.draw_slice(axes, image, index, outline=outline, window=window, box=box)
plt.show()

# %% [markdown]
# ## Code
#
# ### With nothing but the scans
#
# Networks find what is not given: the disease region on T1w, normal bone on both scans.

# %% tags=["nbval-ignore-output"]
terminal("vhi measure --stir stir.nii.gz --t1w t1w.nii.gz --case MY01 --out quick")

# %%
quick = json.loads((folder / "quick" / "vhi.json").read_text())
for area in ("normal_bone", "disease_region"):
    print(f"{area}: from {quick[area]['from']} {quick[area]['network']}")

# %% [markdown]
# Open `quick/report.html` and look at both masks, first at the slices it names. A network has seen few scans, and none of
# yours ([](#page-failures)). Where a mask is wrong, correct `disease_region.nii.gz` or `normal_bone.nii.gz` in a viewer and
# measure again with it (`--disease-region`, `--normal-bone`): the record then says "corrected by hand". Or draw it yourself,
# as follows.
#
# ### Draw normal bone
#
# Open the STIR scan in a viewer. Find marrow of the sacrum between the foramina, away from vessels, artefacts, the canal and
# the joints, and put the cursor into its middle. The viewer shows three voxel numbers (ITK-SNAP counts from 1: subtract 1
# from each; 3D Slicer and fsleyes count from 0). Choose radii that stay within healthy marrow.

# %%
i, j, k = centre
terminal(f"""vhi normal-bone --stir stir.nii.gz --centre {i} {j} {k}
    --radius-mm {radius} --slices {slices} --out normal_bone.nii.gz""")

# %%
theirs = vhi.estimate_thresholds(vhi.normal_bone_intensities(stir, given))
lower, upper = (digits(level, 1, 4) for level in (theirs.lower, theirs.upper))
print(f"for comparison, the area given with this case: {lower} and {upper}")

# %% [markdown]
# The command says at once what follows from the drawing. Look at the drawing too: load the mask over the STIR scan. One voxel
# of a vessel inside it would be the brightest, and so the upper threshold. The same circle goes on `--slices` neighbouring
# slices; two radii make an ellipse. The command warns if the area is not plausible (under 200 voxels, or an
# $n$ unlike those of the study), and refuses one under 20 voxels. An area painted freely in the
# viewer, a mask of 0 and 1, is given the same way. In a notebook, the control of [](#page-thresholds) draws while you watch.
#
# ### Draw the disease region
#
# `vhi segment --t1w t1w.nii.gz --out disease_region.nii.gz` writes the network's proposal as a file to correct. By hand it is
# an hour on the T1w scan, slice by slice: all bone of the pelvis that is imaged, joint spaces included, foramina and canal
# excluded.
#
# ::::{tab-set}
# :::{tab-item} ITK-SNAP
# 1. *File → Open main image*: the T1w file. *Segmentation → Load* later continues a mask.
# 2. Outline with *Polygon mode* on the slices of the acquired plane, label 1; *Accept* each polygon. Every third slice first,
#    then *Tools → Interpolate labels*, then correct each slice {cite:p}`yushkevich2006`.
# 3. *Segmentation → Save*: `disease_region.nii.gz`.
# :::
# :::{tab-item} 3D Slicer
# 1. Load the T1w file as a volume; module *Segment Editor*; add one segment with the T1w volume as source geometry.
# 2. *Paint* or *Draw* on slices of the acquired plane; *Fill between slices*, then correct each slice.
# 3. Export to a labelmap on the T1w volume's geometry, save it as `disease_region.nii.gz`.
# :::
# ::::
#
# The mask must lie on the grid of the scan and hold 0 and 1 only. Say how it was drawn wherever you quote the number.
#
# ### Measure

# %%
terminal("""vhi measure --stir stir.nii.gz --t1w t1w.nii.gz --normal-bone normal_bone.nii.gz
    --disease-region disease_region.nii.gz --case MY01 --out result""")

# %% tags=["remove-input"]
record = json.loads((folder / "result" / "vhi.json").read_text())
print(
    fill(
        f"{record['vhi']['voxels']:,} voxels, {record['vhi']['mm3']:,.0f} mm³ by pitch, with "
        f"normal bone {record['normal_bone']['from']}. Nobody has cleaned yet, so this is an upper "
        f"bound, not a result. A model proposes to keep {record['proposed']['voxels']:,} voxels; "
        "nobody has read its proposal."
    )
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-own-report", "caption": "report.png of the folder just written: the STIR slices with most candidates (n, at most six slices of one scan), not cleaned. Yellow: lower threshold; red: upper threshold; hatched: proposed for removal by a model, not read by any reader. Takeaway: this is what a reader starts to clean from."}, "image": {"alt": "Montage of up to six oblique coronal STIR slices with bright bone coloured yellow and red, vessels and artefacts included."}}
from IPython.display import Image

Image(filename=folder / "result" / "report.png")

# %% [markdown]
# Open `result/report.html` in a browser: number, montage, histogram, lesions and provenance on two pages.
#
# ### Clean and measure again
#
# Whoever cleans (in a notebook with the control of [](#page-cleaning), or in a program of one's own) leaves a record. It goes
# back into the same command. Here an example record removes the largest region. `--read-by` states who has read the scan, and
# that what is left is inflammation. Without it, the scan counts as cleaned only if every region was judged. The model's
# proposal, `proposed_edits.json`, is such a record too: `--accept-proposal` applies it, and the result says that no reader has
# read it. After reading the proposal, give the file as `--edits` with `--read-by`.

# %%
names = ("stir", "t1w", "normal_bone", "disease_region")
files = {name: folder / f"{name}.nii.gz" for name in names}
own = vhi.measure(vhi.Case(case="MY01", subject="MY01", visit="", **files))
edits = own.edits.add("remove", own.regions[0].voxel, reason="vessel", reader="me")
vhi.save_edits(edits, folder / "edits.json")
terminal("""vhi measure --stir stir.nii.gz --t1w t1w.nii.gz --normal-bone normal_bone.nii.gz
    --disease-region disease_region.nii.gz --case MY01 --edits edits.json --read-by me --out cleaned""")

# %% [markdown]
# ### Many scans
#
# One table, one row a visit. Paths count from the table's folder; masks and slice thickness may be empty, and are then found
# or read beside the scan. The second row below names a scan that is not there, to show what happens to it.

# %%
table = """case,visit,stir,t1w,normal_bone,disease_region
MY01,before,stir.nii.gz,t1w.nii.gz,normal_bone.nii.gz,disease_region.nii.gz
MY02,before,stir2.nii.gz,t1w.nii.gz,,
"""
(folder / "cases.csv").write_text(table)
terminal("vhi measure --source cases.csv --all --out results")

# %%
import pandas as pd

results = pd.read_csv(folder / "results" / "measurements.csv")
for row in results.itertuples():
    failed = isinstance(row.failure, str)
    outcome = row.failure if failed else f"{row.vhi_mm3:.1f} mm³ by pitch"
    print(fill(f"{row.case} {row.visit}: {outcome}", 74))

# %% [markdown]
# The case that could be measured was; the other one keeps its row, with the reason. Every page of this book runs on such a
# table: set `SOURCE` in its first code cell to the table's path.
#
# ### When something is wrong
#
# A mistake ends with exit status 2 and one line: which file, what is wrong, what to do. Nothing half-finished is left.

# %%
terminal("""vhi measure --stir STIR.nii.gz --t1w t1w.nii.gz --normal-bone normal_bone.nii.gz
    --disease-region disease_region.nii.gz --out other""")
terminal("vhi normal-bone --stir stir.nii.gz --centre 5 5 999 --radius-mm 8 --out other.nii.gz")
terminal("vhi measure --source cases.csv --case MY01 --out result")

# %% [markdown]
# ## Check
#
# The command and the library are the same code, so the same files give the same number.

# %%
print(f"command {record['vhi']['voxels']} voxels, library {own.vhi.voxels} voxels")
print(f"slice thickness: {record['slice_thickness_mm']} mm, from the .json beside the STIR file")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# Two scans, one command, a first number. Normal bone decides the threshold, the disease region where to look, cleaning what
# counts: look at all three before you quote it, and keep them beside it.
# :::
#
# ## Exercise
#
# :::{admonition} A smaller circle
# :class: seealso
# A colleague draws a circle of 5 mm radius around the same centre, on that slice alone. Which way will the thresholds move,
# and VHI before cleaning with them? Try it with the two commands.
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
terminal(f"""vhi normal-bone --stir stir.nii.gz --centre {i} {j} {k}
    --radius-mm 5 --out small.nii.gz""")
terminal("""vhi measure --stir stir.nii.gz --t1w t1w.nii.gz --normal-bone small.nii.gz
    --disease-region disease_region.nii.gz --case MY01 --out small""")
home.cleanup()

# %% [markdown]
# :::{dropdown} Solution in words
# A circle inside the larger area cannot be brighter than its brightest voxel, so the upper threshold stays or falls, and the
# lower threshold, drawn towards it, tends to follow. More bone then counts as bright, on some scans far more. That is why the area
# should be as large as healthy marrow allows, and why two numbers are comparable only when normal bone was drawn by the same
# rule.
# :::
