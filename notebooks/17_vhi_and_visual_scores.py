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
# (page-visual)=
# # VHI and visual scores
#
# :::{admonition} On this page
# **You will** add up a SPARCC score from its ticks, see where it must stop growing, lay VHI beside it as in Figure 6 of the preprint, and find out what a
# logarithm and a cut axis do to that picture.
#
# **You need** [](#page-report).
#
# **It takes** 15 minutes.
# :::
#
# ## Question
#
# Radiologists score inflammation by eye, {term}`SPARCC` for example. In the preprint VHI "shows a nonlinear relationship with SPARCC scoring", which "becomes approximately
# linear with logarithmic transformation" {cite:p}`hepburn2021preprint`. Why should a volume and a score of the same thing not lie on a line, and what does the logarithm show?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
# %matplotlib inline
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from book.drawings import simulated_patients as draw
from vhi.papers import asked_and_reached, printed_numbers, simulate_cohorts, simulated_patients
from vhi.reader_study import Patients, number, scans_with_both, upper_fence, vhi_sparcc_figure
from vhi.statistics import coverage_note, least_squares

printed = printed_numbers()
patients = simulated_patients()
print(fill(f"With source {SOURCE}, as with any other, the patients of this page are SIMULATED."))

# %% [markdown]
# The authors published scans of single patients, and neither the visual scores nor the VHI of all 29. So here, whatever the source of cases, 29 patients are
# {term}`simulated <simulated cohort>`: drawn at random from a stated model, and then changed by as little as it takes to have every summary that the preprint prints of them
# ([](#page-agreement) shows the list). What the printed numbers fix can be learned from such patients. What they leave open cannot.
#
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-visual", "caption": "VHI against the SPARCC score, SIMULATED patients, means of two readers (n = 57 scans of 29 patients; one has no score after treatment), in the form of Figure 6 of the preprint. Left: all scans. Middle: the VHI axis cut at the blue dotted line. Right: logarithm of VHI + 1. Takeaway: a few scans make the scale, most lie at its foot, and the logarithm spreads them out."}, "image": {"alt": "Three scatter plots of VHI on SPARCC, each marked simulated: points crowded at the bottom with a few very high ones; the same with a cut axis; and on a logarithmic scale a cloud that rises from left to right."}}
vhi_sparcc_figure(patients)

# %% [markdown]
# ## Code
#
# ### SPARCC as data
#
# Six slices are scored, each with two joints, each joint with four quadrants {cite:p}`maksymowych2005`. A quadrant with oedema counts 1. A joint whose oedema in that slice is deep
# (1 cm from its surface; the preprint prints "more than 10 mm") counts 1 more, and 1 more where it is as bright as cerebrospinal fluid. A reading consists of these ticks alone:

# %%
from vhi.statistics import JOINTS, QUADRANTS, SLICES, sparcc_score

oedema = np.zeros((SLICES, len(JOINTS), len(QUADRANTS)), bool)
deep, intense = np.zeros((2, SLICES, len(JOINTS)), bool)
oedema[1:5, 0, :2] = True  # slices 2 to 5, right joint, both iliac quadrants
oedema[2:4, 0, 2:] = True  # slices 3 and 4, both sacral ones
oedema[3, 1, 0] = True  # slice 4, left joint, upper iliac
deep[2:4, 0] = True
intense[3, 0] = True
score = sparcc_score(oedema, deep, intense)
print(f"{score.quadrants} quadrants + {score.deep} deep + {score.intense} intense = {score.total}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-sparcc", "caption": "The reading above, made up for this page (n = 1 reading, six slices). Red: quadrants with oedema; blue: deep; dark: intense; at the right the sum of each slice. Takeaway: the score is a count of ticks; how much of a quadrant is inflamed does not enter."}, "image": {"alt": "Sheet of six rows, one for each slice, with six squares for the right joint and six for the left; sixteen of them are filled, and sums stand at the right."}}
fig, axes = plt.subplots(figsize=(6.8, 3.5), layout="constrained")
draw.draw_sparcc(axes, oedema, deep, intense, simulated=True)
plt.show()

# %% [markdown]
# With everything ticked:

# %%
most = sparcc_score(np.ones_like(oedema), np.ones_like(deep), np.ones_like(intense))
print(f"{most.quadrants} + {most.deep} + {most.intense} = {most.total}")
print(f"printed in the preprint: {printed.loc['hepburn-sparcc-total', 'value']}")
print(f"with depth and intensity for each quadrant: {3 * most.quadrants}")

# %% [markdown]
# The preprint words the two extra marks for each quadrant, which would total 144; its own total of 72 is that of the published index, with one mark for each joint
# and slice. We take the index.
#
# ### Where the score must stop growing
#
# Let oedema line both joints over their whole length in all six slices, and let it only get deeper. With quadrants 30 mm long and slices 3.3 mm apart (the study's
# {term}`pitch`; the length is an assumption, and changes no score), volume and score are arithmetic:

# %%
LENGTH_MM, PITCH_MM = 30, 3.3
everywhere, nowhere = np.ones_like(oedema), np.zeros_like(deep)
rows = []
for depth_mm in (1, 5, 10, 11, 20):
    too_deep = np.full_like(deep, depth_mm > 10)
    total = sparcc_score(everywhere, too_deep, nowhere).total
    volume = everywhere.sum() * LENGTH_MM * depth_mm * PITCH_MM
    rows.append({"depth mm": depth_mm, "volume mm³": f"{volume:.0f}", "SPARCC": total})
print(pd.DataFrame(rows).to_string(index=False))

# %% [markdown]
# As the preprint counts depth, from 1 to 10 mm the volume grows tenfold and the score stays at 48; one millimetre more, and it jumps by 12. A volume against such a score has to bend upwards where
# quadrants fill up. How early that happens in patients, only patients can show.
#
# ### The line of the preprint
#
# The preprint plans a linear regression of VHI on the score (section 2.7.2); its section 3.4 does not print the result. On the simulated patients, raw and after log(x + 1):

# %%
sparcc, voxels, visits = scans_with_both(patients)
rows = []
for name, values in (("VHI, voxels", voxels), ("log(VHI + 1)", np.log1p(voxels))):
    line = least_squares(sparcc, values)
    low, high = line.slope_interval
    rows.append(
        {"simulated": name, "n": line.n, "slope": number(line.slope)}
        | {"95 % interval": f"{number(low)} to {number(high)}"}
        | {"intercept": number(line.intercept), "r²": f"{line.r**2:.2f}"}
    )
print(pd.DataFrame(rows).to_string(index=False))

# %% tags=["remove-input"]
line = least_squares(sparcc, voxels)
print(
    fill(
        f"Raw, a point of SPARCC goes with {line.slope:,.0f} voxels more, and a score of 0 with {line.intercept:,.0f} voxels, which cannot be: "
        "the line is bent by the largest scans. The intervals treat the scans as independent, but two scans of one patient are not. How often "
        f"such an interval of a slope holds: {coverage_note('least squares', len(patients.names), quantity='slope', scans=2)}."
    )
)

# %% [markdown]
# ### Why the log looks linear
#
# Two different things make the right panel look straighter. A logarithm pulls in the largest values, whatever they are. And a score that levels off grows more like the logarithm of the
# volume than like the volume. To tell them apart, take many simulated cohorts, each from a model of its own: in some the score levels off early, in others it grows with the volume
# nearly to the end. All of them have every printed number.

# %%
many = simulate_cohorts(40, seed=1)
bend = [cohort.attrs["model"]["sparcc_bend_voxels"] for cohort in many]
straighter = 0
for cohort in many:
    x, y, _ = scans_with_both(Patients("simulated", cohort, simulated=True))
    straighter += least_squares(x, np.log1p(y)).r ** 2 > least_squares(x, y).r ** 2
print(f"the model's score levels off from {min(bend):,.0f} to {max(bend):,.0f} voxels on")
print(
    f"log(VHI + 1) lies nearer to a line than VHI in {straighter} of {len(many)} simulated cohorts"
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-bend", "caption": "Two SIMULATED cohorts (n = 57 scans each), both with every number that the preprint prints. Above: of 40 cohorts the one whose model lets the score level off earliest; below: latest. Left: VHI; right: log(VHI + 1); line: least squares. Takeaway: the printed numbers allow both pictures, so they do not say which scale is the straight one."}, "image": {"alt": "Four scatter plots marked simulated, two rows of two: in one row the logarithm lies near a line, in the other row the raw volume does as well or better."}}
shown = {"levels off early": many[int(np.argmin(bend))], "late": many[int(np.argmax(bend))]}
draw.fits_figure({name: Patients(name, cohort, simulated=True) for name, cohort in shown.items()})

# %% [markdown]
# So the curve in Figure 6 of the preprint does not follow from its printed numbers; it takes the unpublished table. On [](#page-agreement) this sentence is one of those that are put to many
# simulated cohorts.
#
# ## Check
#
# Are these patients what they claim to be? The numbers of Figure 6 that the preprint prints are the ranges of means:

# %%
numbers = asked_and_reached(patients.table)
for row in numbers[numbers["quantity"].str.contains("mean of readers")].itertuples():
    verdict = "same" if row.agrees else "DIFFERENT"
    print(f"{row.quantity:40} printed {row.asked:>8}, simulated {row.reached:>8}: {verdict}")
print(
    f"SPARCC of any patient between 0 and {most.total}: {sparcc.min() >= 0 and sparcc.max() <= most.total}"
)

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# A score counts places, a volume counts how much. Where all places are taken the score cannot follow, so the two bend away from each other. A logarithm makes
# almost any such cloud look straighter; that it does is no evidence about the scale.
# :::
#
# ## Exercise
#
# :::{admonition} What truncation hides
# :class: seealso
# The preprint also plots "truncated" data, without the highest VHI values, to make the crowded foot of the plot visible. Leave out the simulated scans above the dotted line of
# the first picture (`upper_fence`: upper quartile plus 1.5 times the {term}`IQR`). How many scans go, and what part of all inflamed volume goes with them? What becomes of slope and r²?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
fence = upper_fence(voxels)
kept = voxels <= fence
hidden = voxels[~kept].sum() / voxels.sum()
print(f"above {fence:,.0f} voxels: {np.sum(~kept)} of {kept.size} simulated scans,")
print(f"which hold {hidden:.0%} of all inflamed volume")
for name, which in (("all", np.ones_like(kept)), ("truncated", kept)):
    line = least_squares(sparcc[which], voxels[which])
    print(f"{name:10} n = {line.n}: slope {line.slope:6.0f} voxels per point, r² {line.r**2:.2f}")

# %% [markdown]
# :::{dropdown} Solution in words
# A few scans hold most of the volume, and they decide the slope; without them another line comes out. To leave patients out because their value is high is to choose by the
# result. A cut axis shows the same crowd and hides nobody, as long as it says how many lie beyond it, and lines and limits are computed from all scans. That is how the
# figures of this book do it.
# :::
