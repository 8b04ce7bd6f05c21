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
# (page-report)=
# # The biomarker and the report
#
# :::{admonition} On this page
# **You will** turn what is left after cleaning into the number, write the report, and check the one against the other.
#
# **You need** [](#page-cleaning).
#
# **It takes** 10 minutes.
# :::
#
# ## Question
#
# How much inflammation is in this scan, in which unit, and how would somebody else arrive at the same number?

# %% tags=["parameters", "hide-input"]
import os

from vhi import case_names

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table
CASE, VISIT = ("1007", "before") if SOURCE == "study" else case_names(SOURCE)[0]

# %% tags=["hide-input"]
# %matplotlib inline
import json
import tempfile
from pathlib import Path
from textwrap import fill

import numpy as np
import pandas as pd

import vhi
from vhi.results import pictures

case = vhi.find_case(SOURCE, CASE, VISIT)
before = vhi.measure(case)
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% [markdown]
# Cleaning is that of the [stand-in](#stand-in), which is not a reader's: on the study it keeps the regions that at least two
# of four manual masks mark, on the phantom those that touch a true lesion, on any other table those of the largest lesion.

# %% tags=["hide-input"]
from scipy import ndimage

manual = [mask for mask in case.reader_masks if mask.trial != "cleaned"]
truth = [mask for mask in manual if mask.reader == "truth"]  # on the phantom
readings = [vhi.load_mask(mask.path).array for mask in truth or manual]
lesions = vhi.find_regions(before.kept).describe_lesions(before.stir)
if readings:
    marked = np.sum(readings, axis=0) >= min(2, len(readings))
else:
    numbered, _ = ndimage.label(before.kept.array, np.ones((3, 3, 3)))
    marked = numbered == numbered[lesions[0].voxel] if lesions else before.kept.array > 0
edits = vhi.remove_regions(before.edits, before.kept, marked, reader="stand-in", reason="other")
cleaned = vhi.measure(case, edits=edits)
print(f"{len(edits.edits)} regions removed by the stand-in, {len(cleaned.lesions)} lesions left")

# %% [markdown]
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-montage", "caption": "What is measured: the STIR slices with most inflammation left after cleaning by the stand-in, which is no reader's judgement (n, at most six slices of one scan). Yellow: lower threshold up to the upper one; red: upper threshold and above. Takeaway: VHI is the volume of everything coloured, on all slices."}, "image": {"alt": "Montage of up to six oblique coronal STIR slices. Inflamed marrow beside the sacroiliac joints is red, with a rim of yellow."}}
pictures.montage(cleaned)

# %% tags=["remove-input"]
print(
    fill(
        f"VHI is {cleaned.vhi.mm3:,.0f} mm³ by pitch, {cleaned.vhi.voxels:,} voxels: lower "
        "threshold, cleaned by the stand-in."
    )
)

# %% [markdown]
# ## Code
#
# ### One number, three units
#
# In the preprint VHI is a voxel count, or that count times the volume of a voxel; the primary analyses use the lower
# threshold. As a voxel has two volumes ([](#page-data)), there are three units.

# %%
rows = []
for when, m in (("before cleaning", before), ("after the stand-in", cleaned)):
    for threshold, volume in (("lower", m.vhi), ("upper", m.vhi_upper)):
        known = volume.mm3_slice_thickness is not None
        rows.append(
            {"when": when, "threshold": threshold, "voxels": volume.voxels}
            | {"mm³ by pitch": f"{volume.mm3:.1f}"}
            | {"mm³ by thickness": f"{volume.mm3_slice_thickness:.1f}" if known else "not known"}
        )
print(pd.DataFrame(rows).to_string(index=False))

# %% tags=["remove-input"]
share = cleaned.vhi_upper.voxels / max(cleaned.vhi.voxels, 1)
print(
    fill(
        f"{share:.0%} of what is left is as bright as the brightest normal bone or brighter; the "
        "rest lies between the thresholds. Before cleaning the number is an upper bound, not a "
        "result. A model's proposal is a third number, which nobody has read."
    )
)

# %% [markdown]
# ### Where it lies

# %%
for side in ("right", "left"):
    own = [lesion for lesion in cleaned.lesions if lesion.side == side]
    volume = sum(lesion.volume_mm3 for lesion in own)
    print(f"{side:5}: {len(own):3} lesions, {volume:9.1f} mm³ by pitch")

# %% [markdown]
# Right and left are the patient's, and come from the affine. A lesion counts to the side on which its centre lies, seen from
# the middle of normal bone, which lies in the sacrum.
#
# ### The report
#
# One call writes everything into a folder, whole or not at all. `vhi measure` on the command line does the same.

# %%
from vhi.results import write_result

home = tempfile.TemporaryDirectory()
result = write_result(cleaned, Path(home.name) / cleaned.case)
print("\n".join(sorted(path.name for path in result.iterdir())))

# %% [markdown]
# `report.html` is for people: one file that needs no other, two A4 pages on paper. `report.png` is its montage.
# `vhi.json` is for programs. The `.nii.gz` files are the masks, for any viewer. `edits.json` replays; `proposed_edits.json`
# is a model's proposal in the same form, which no reader has read; `regions.csv` lists every region before cleaning, with the
# probability that a reader keeps it.

# %%
text = (result / "vhi.json").read_text()
record = json.loads(text, parse_float=lambda number: round(float(number), 4))  # for print only
keys = "case visit normal_bone thresholds candidates kept vhi proposed cleaned seen"
for key in keys.split():
    print(fill(f"{key}: {json.dumps(record[key])}", subsequent_indent="    "))

# %%
for name, digest in record["provenance"]["inputs"].items():
    print(f"{name:30} sha256 {digest[:12]}...")
print(f"names hold folders: {any('/' in name for name in record['provenance']['inputs'])}")

# %% [markdown]
# Provenance keeps file names and hashes, the version, the options and the time; no folders, and nothing from headers that
# could name a patient.
#
# ## Check
#
# Read the mask back as somebody else would, and count again.

# %%
mask = vhi.load_image(result / "inflammation.nii.gz")
recount = np.count_nonzero(mask.array)
volume = recount * mask.voxel_volume_mm3
print(f"counted in inflammation.nii.gz {recount} voxels, {volume:.1f} mm³")
print(
    f"written in vhi.json            {record['vhi']['voxels']} voxels, {record['vhi']['mm3']:.1f} mm³"
)

# %% [markdown]
# And write it a second time: what is not dated must be the same to the byte.

# %%
second = write_result(vhi.measure(case, edits=edits), Path(home.name) / "again")
for path in sorted(result.iterdir()):
    if path.name not in ("vhi.json", "report.html"):  # these two say when they were made
        same = path.read_bytes() == (second / path.name).read_bytes()
        print(f"{path.name:24} {'same bytes' if same else 'DIFFERENT'}")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# A VHI worth quoting comes with its threshold, its unit, whether it was cleaned and by whom, and the files that let anybody
# count again.
# :::
#
# ## Exercise
#
# :::{admonition} The gap between slices
# :class: seealso
# A colleague quotes VHI by slice thickness, you quote it by pitch, of the same mask. By what factor do you differ, on this
# scan? Compute it from the spacing and the thickness alone, then from the two volumes above.
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
if cleaned.scans.slice_thickness_mm is None:
    print("the slice thickness of this scan is not known: your colleague cannot have computed it")
else:
    pitch = max(cleaned.stir.spacing_mm)
    print(
        f"pitch {pitch:.2f} mm / thickness {cleaned.scans.slice_thickness_mm:g} mm = {pitch / cleaned.scans.slice_thickness_mm:.3f}"
    )
    print(f"volumes: {before.vhi.mm3 / before.vhi.mm3_slice_thickness:.3f}, whatever the mask")
home.cleanup()
