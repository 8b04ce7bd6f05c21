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
# (page-agreement)=
# # Agreement between readers
#
# :::{admonition} On this page
# **You will** compute limits of agreement with their intervals, as volumes and as ratios, see what 29 simulated patients add, and ask which conclusions of the preprint
# follow from the numbers that it prints.
#
# **You need** [](#page-by-hand) and [](#page-visual).
#
# **It takes** 25 minutes.
# :::
#
# ## Question
#
# Two readers clean the same scan and arrive at two VHI. How far apart may they be, and is that better or worse than with a visual score? The preprint answers with Bland and Altman's
# {term}`limits of agreement` {cite:p}`bland1986` in its Figure 7.

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table
COHORTS = 200  # simulated cohorts on which conclusions are tested

# %% tags=["hide-input"]
# %matplotlib inline
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from book.drawings import simulated_patients as draw
from vhi import load_cases
from vhi.papers import (
    asked_and_reached,
    conclusions_over,
    printed_numbers,
    published_overlap,
    simulate_cohorts,
    simulated_patients,
)
from vhi.reader_study import (
    add_published,
    agreement_figure,
    agreement_table,
    load_readings,
    number,
    overlap_table,
    reader_pairs,
    volume_pairs,
)
from vhi.statistics import (
    coverage_note,
    limits_of_agreement,
    measurement_error,
    ratio_limits,
)

printed = printed_numbers()


def interval(low, high):
    """Two ends as text."""
    return f"{number(low)} to {number(high)}"


def table_of(table, *quantities, scale="raw"):
    """Rows of a table of agreement whose quantity begins so, for print."""
    rows = table[(table["scale"] == scale) & table["quantity"].str.startswith(quantities)]
    ends = [interval(*ends) for ends in zip(rows["low"], rows["high"], strict=True)]
    shown = rows[["quantity", "n"]].assign(value=rows["value"].map(number))
    return shown.assign(**{"95 % interval": ends}).replace("nan to nan", "")


# %% tags=["hide-input"]
source = SOURCE
rows = overlap_table(load_readings(load_cases(source)), surfaces=False)
if source == "study":  # the cleaned masks' volumes were published, the masks were not
    rows = add_published(rows, published_overlap())
if rows.empty:
    print(f"no two readers in {source}: the readers of the phantom stand in for them")
    source = "phantom"
    rows = overlap_table(load_readings(load_cases(source)), surfaces=False)
SIMULATED = source == "phantom"
volumes = volume_pairs(rows, source, simulated=SIMULATED)
MANUAL = (("R11", "R21"), ("R12", "R22"))
both_cleaned = (p for p in volumes if p == ("R1", "R2") or all("cleaned" in name for name in p))
CLEANED = next(both_cleaned, next(iter(volumes)))
cleaned = volumes[CLEANED]
kind = "SIMULATED readers" if SIMULATED else "readers"
print(f"{len(cleaned.first)} scans, {kind} {' and '.join(CLEANED)}, source {source}.")

# %% [markdown]
# The first part uses real volumes on the study: what is left after cleaning by reader 1 (R1) and reader 2 (R2) at the lower threshold, as the authors published it scan by scan. On
# the phantom readers are simulated, and every figure says so.
#
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-agreement-eight", "caption": "Cleaned VHI of two readers in the form of Figure 7 of the preprint (n = 8 scans in the study, n = 5 simulated ones on the phantom). Above: one reader against the other; below: first − second against the mean, with bias and limits of agreement; bands: 95 % intervals. From left to right: all data; axes cut at the blue dotted line, limits of all data; log(x + 1). Last row: ratios, which the preprint does not have. Takeaway: with so few scans each limit could lie almost anywhere within its band."}, "image": {"alt": "Seven panels: three scatter plots of reader 2 on reader 1 with the line of equality, three Bland and Altman plots below them, and a plot of ratios; grey bands around the dashed limits are wide."}}
agreement_figure(cleaned)

# %% [markdown]
# ## Code
#
# ### Limits of agreement, by hand and with intervals

# %%
apart = cleaned.first - cleaned.second
bias, sd = apart.mean(), apart.std(ddof=1)
print(f"by hand: bias {bias:.1f}, limits {bias - 1.96 * sd:.1f} and {bias + 1.96 * sd:.1f} voxels")

limits = limits_of_agreement(cleaned.first, cleaned.second)  # exact: noncentral t
rough = limits_of_agreement(cleaned.first, cleaned.second, interval="approximate")
for name in ("lower", "upper"):
    print(f"{name} limit {getattr(limits, name):8.1f} voxels, 95 % interval", end=" ")
    print(f"exact {interval(*getattr(limits, f'{name}_interval'))},", end=" ")
    print(f"approximate {interval(*getattr(rough, f'{name}_interval'))}")

# %% tags=["remove-input"]
print(
    fill(
        f"{CLEANED[0]} − {CLEANED[1]}, n = {limits.n} scans: about 95 % of differences are expected between {number(limits.lower)} and "
        f"{number(limits.upper)} voxels. The preprint prints limits without intervals; the exact interval of the upper limit here reaches "
        f"{number(limits.upper_interval[1])} voxels."
    )
)
for name in ("exact", "approximate"):
    print(
        fill(f"How often an {name} interval holds: {coverage_note(f'limits, {name}', limits.n)}.")
    )

# %% [markdown]
# The exact interval {cite:p}`carkeet2015` is not symmetric: a limit may easily be too narrow by much, and hardly too wide by as much. The approximate one {cite:p}`bland1999` is made for
# larger samples.
#
# ### The same scans as ratios
#
# A difference of 700 voxels is little in a scan of 98,000 and nearly everything in one of 900. Ratios weigh all scans alike, have no unit, and do not depend on whether VHI is in
# voxels or mm³.

# %%
each = pd.DataFrame(
    {"scan": cleaned.patients, CLEANED[0]: cleaned.first, CLEANED[1]: cleaned.second}
)
both = (cleaned.first > 0) & (cleaned.second > 0)
each["difference"] = apart
each["ratio"] = np.divide(
    cleaned.first, cleaned.second, where=both, out=np.full(both.shape, np.nan)
)
print(each.to_string(index=False, formatters={"ratio": "{:.2f}".format}, float_format="%.0f"))

ratios = ratio_limits(cleaned.first, cleaned.second)
print(f"\nratio {ratios.ratio:.2f}, limits {ratios.lower:.2f} and {ratios.upper:.2f} times,")
print(f"95 % intervals {interval(*ratios.lower_interval)} and {interval(*ratios.upper_interval)}")
print(f"pairs with a zero, which have no ratio: {ratios.zeros} of {cleaned.first.size}")

# %% tags=["remove-input"]
if both.any():
    far = int(np.log(each["ratio"]).abs().idxmax())
    large = int(np.abs(apart).argmax())
    print(
        fill(
            f"The largest difference is that of scan {cleaned.patients[large]} ({number(apart[large])} voxels, a ratio of {each['ratio'][large]:.2f}); the "
            f"ratio furthest from 1 that of scan {cleaned.patients[far]} ({each['ratio'][far]:.2f}, {number(apart[far])} voxels). "
            + (
                "Which scan stands out depends on the scale."
                if far != large
                else "Here it is one scan on both scales."
            )
        )
    )

# %% [markdown]
# ### Beside the manual volumes, and as error of one reading
#
# {term}`SEM` is the uncertainty of one reading; the smallest detectable change ({term}`SDC`) is 1.96 · √2 times that: a smaller change between two readings may be measurement
# error alone (R1 and R2 are cleaned, R11 to R22 manual). Neither depends on how different the patients are. The {term}`intraclass correlation` does.

# %%
MAIN = ("bias", "lower limit", "upper limit", "standard error", "smallest detectable")
for pair in (CLEANED, *MANUAL):
    if pair in volumes:
        print(f"{' - '.join(pair)}, voxels")
        print(f"{table_of(agreement_table(volumes[pair]), *MAIN).to_string(index=False)}\n")

# %% tags=["remove-input"]
shown = [volumes[pair] for pair in dict.fromkeys((CLEANED, *MANUAL)) if pair in volumes]
errors = [measurement_error(each.first, each.second).sem for each in shown]
said = ", ".join(
    f"{' - '.join(each.readers)} {number(sem)}" for each, sem in zip(shown, errors, strict=True)
)
print(
    fill(f"Standard error of one reading, in voxels: {said} (n = {cleaned.first.size} scans each).")
)

# %% [markdown]
# All six intraclass correlations of the cleaned volumes, in both notations, as packages differ in the names {cite:p}`shrout1979,mcgraw1996`; raw, and of log(x + 1):

# %%
rows = agreement_table(cleaned)
for scale in ("raw", "log(x + 1)"):
    print(f"{scale}:\n{table_of(rows, 'ICC', scale=scale).to_string(index=False)}")

# %% [markdown]
# Raw, they are next to 1 because the scans differ so much in size: the largest alone makes most of the variance.
#
# And two things that limits of agreement take for granted. Does the difference grow with the mean (proportional bias)? Does its size (spread)?

# %%
print(table_of(rows, "proportional", "spread").to_string(index=False))

# %% tags=["remove-input"]
trend = {
    row["quantity"].split(":")[0]: row
    for row in rows.to_dict("records")
    if "slope" in row["quantity"]
}
spread = trend["spread"]
clear = spread["p_holm"] < 0.05
print(
    fill(
        f"Per voxel of VHI the size of the difference grows by {number(spread['value'])} ({interval(spread['low'], spread['high'])}; P {spread['p']:.2g}, "
        f"{spread['p_holm']:.2g} after Holm for two tests; n = {spread['n']}). "
        + (
            "Limits that are the same for small and large scans do not fit."
            if clear
            else "That cannot be told from no growth, which is not to say that there is none."
        )
    )
)

# %% [markdown]
# ### Twenty-nine patients, simulated
#
# Figure 7 of the preprint has 58 scans of 29 patients. Their values are not published; from here on they are {term}`simulated <simulated cohort>`. What the preprint prints of them is
# what was asked of the simulation, and this is what it reached:

# %%
patients = simulated_patients()
asked = asked_and_reached(patients.table)
print(asked.rename(columns={"asked": "printed", "reached": "SIMULATED"}).to_string(index=False))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-agreement-vhi", "caption": "VHI of two SIMULATED readers in the form of Figure 7 of the preprint (n = 58 scans of 29 simulated patients; differences are R1 − R2). Limits in all panels are those of all data, for repeated measures; bands: 95 % intervals by patient. Takeaway: bias and limits are within three voxels of those that the preprint prints, but the points belong to no patient; many others would fit."}, "image": {"alt": "Seven panels marked simulated: reader 2 on reader 1, differences on means, each for all data, cut axes and logarithms, and ratios on means, with dashed limits and grey bands."}}
vhi_pairs, sparcc_pairs = reader_pairs(patients)
agreement_figure(vhi_pairs)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-agreement-sparcc", "caption": "SPARCC scores of two SIMULATED readers, as above (n = 57 scans: one patient has no score after treatment). Takeaway: against its range the score's limits are wide; after log(x + 1), those of VHI are the wider ones."}, "image": {"alt": "The same panels for SPARCC, marked simulated: points scatter widely about the line of equality, the more so the higher the score."}}
agreement_figure(sparcc_pairs)

# %% [markdown]
# ### Two scans of one patient
#
# 58 scans of 29 patients are not 58 independent pairs. The table begins with the limits from {term}`variance components` {cite:p}`bland2007`, with intervals that recover the uncertainty of
# both components {cite:p}`zou2013`; then come the preprint's form, which treats the scans as independent, and each visit alone:

# %%
table = {each.measure: agreement_table(each) for each in (vhi_pairs, sparcc_pairs)}
print("SIMULATED, VHI in voxels")
print(
    table_of(table["vhi_voxels"], "repeated", *MAIN[:3], "before", "after").to_string(index=False)
)

# %% tags=["remove-input"]
own = table["vhi_voxels"].query("scale == 'raw'").set_index("quantity")
one, two = own.loc["upper limit"], own.loc["repeated measures: upper limit"]
print(
    fill(
        f"The upper limit hardly moves ({number(two['value'])} and {number(one['value'])} voxels). Its interval is {interval(two['low'], two['high'])} by patient, "
        f"and {interval(one['low'], one['high'])} where scans count as independent. In these simulated patients the errors of one patient's two scans are nearly independent "
        "by construction; in real ones they need not be. How often such an interval of the upper limit holds:"
    )
)
for name, row in (("by patient", two), ("scans as independent", one)):
    print(fill(f"{name}: {row['coverage']}."))

# %% [markdown]
# ### The preprint's comparison, and others beside it
#
# The preprint divides the width of the limits by the range of the means. That needs nothing but its printed numbers:


# %%
def width(key):
    """Upper minus lower end of a printed interval."""
    low, high = printed.loc[key, ["low", "high"]].astype(float)
    return high - low


lowest, highest = printed.loc[["hepburn-vhi-lowest", "hepburn-vhi-highest"], "value"].astype(float)
span = highest - lowest
print(
    f"VHI:    {width('hepburn-vhi-limits'):.0f} voxels / {span:.1f} = {width('hepburn-vhi-limits') / span:.3f}"
)
span = width("hepburn-sparcc-range")
print(
    f"SPARCC: {width('hepburn-sparcc-limits'):.1f} points / {span:.1f} = {width('hepburn-sparcc-limits') / span:.3f}"
)

# %% [markdown]
# The range is made by the one largest scan. Other measures of the same agreement, from the simulated readings:

# %%
WANTED = (
    ("raw", "width of limits / range of means"), ("log(x + 1)", "width of limits / range of means"),
    ("ratio", "repeated measures: lower limit"), ("ratio", "repeated measures: upper limit"),
    ("raw", "smallest detectable change (SDC)"),
    ("raw", "ICC(2,1) = ICC(A,1)"), ("log(x + 1)", "ICC(2,1) = ICC(A,1)"),
)  # fmt: skip
rows = []
for wanted in WANTED:
    rows.append({"SIMULATED": f"{wanted[0]}: {wanted[1]}"})
    for measure, own in table.items():
        row = own.set_index(["scale", "quantity"]).loc[wanted]
        rows[-1][measure] = f"{number(row['value'])} ({interval(row['low'], row['high'])})"
print(pd.DataFrame(rows).replace(r" \(nan to nan\)", "", regex=True).to_string(index=False))

# %% tags=["remove-input"]
relative = [
    [own.set_index(["scale", "quantity"])["value"][wanted] for own in table.values()]
    for wanted in WANTED[:2]
]
raw, log = ("narrower" if vhi < sparcc else "wider" for vhi, sparcc in relative)
print(
    fill(
        f"Against the range, limits of VHI are {raw} than those of SPARCC in raw numbers and, in this simulated cohort, {log} after log(x + 1). "
        + (
            "The order of the two depends on the scale, and the scale is a choice."
            if raw != log
            else ""
        )
    )
)

# %% [markdown]
# ### Which conclusions follow from the printed numbers?
#
# A conclusion from 29 unpublished patients can be tested on data sets that the printed numbers allow. Here are many: each has every number of the table above, and a model of its own for all
# that the preprint leaves open. A conclusion that holds in at least 95 % of them is carried by what is printed; one that does not needs the unpublished table. That is no verdict on
# whether it is true, and it is relative to this family of models.

# %%
verdicts = conclusions_over(simulate_cohorts(COHORTS, seed=1))
for row in verdicts.itertuples():
    short = {"h": "HOLDS", "d": "does not", "t": "open"}[row.verdict[0]]
    name = f"{row.conclusion} ({row.decided_by})"
    print(f"{short:8} {row.holds_in:4} of {COHORTS}  {name}")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-conclusions", "caption": "Share of SIMULATED cohorts in which each conclusion of the preprint holds, with exact 95 % intervals (n = 200 cohorts of 29 simulated patients). Dotted: 95 %. Hollow: the printed numbers alone decide, so all cohorts answer alike. Takeaway: conclusions about raw limits, intraclass correlation of raw values and related changes follow from what is printed; those about the logarithmic scale and about superiority do not."}, "image": {"alt": "Chart of eighteen conclusions, one a row, each a point between 0 and 1 with a short interval; some lie at 1, right of the dotted line, others at 0 or between."}}
fig, axes = plt.subplots(figsize=(8.5, 6), layout="constrained")
draw.draw_intervals(
    axes,
    verdicts["conclusion"],
    *(verdicts[name] for name in ("share", "low", "high")),
    hollow=verdicts["decided_by"] == "printed numbers",
    mark_at=0.95,
    limits=(-0.02, 1.02),
    label=f"share of {COHORTS} simulated cohorts",
    simulated=True,
)
plt.show()

# %% tags=["hide-input", "hide-output"]
for row in verdicts.itertuples():
    print(fill(f"{row.conclusion}: {row.test}", width=100, subsequent_indent="    "))

# %% [markdown]
# The last cell, folded, says what was asked of a cohort. All limits in it were set before any cohort was drawn.
#
# ## Check
#
# The functions against a worked example: peak flow by two meters in 17 people {cite:p}`bland1986`, which prints a mean difference of −2.1 and a standard deviation of 38.8 l/min.

# %%
wright = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
known = limits_of_agreement(wright, mini)
same = (round(known.bias, 1), round(known.sd, 1)) == (-2.1, 38.8)
print(f"bias {known.bias:.3f}, SD {known.sd:.3f} l/min: {'as printed' if same else 'DIFFERENT'}")
turned = limits_of_agreement(mini, wright)
print(f"readers exchanged: limits turn their sign: {np.isclose(turned.upper, -known.lower)}")
print(
    f"cleaned volumes by hand and by library: {'same' if np.isclose(limits.bias, bias) else 'DIFFERENT'}"
)

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# Say how sure a limit is, give it in the unit and as a ratio, and give the error of one reading beside it. Limits "relative to the range" reward a sample with one very large scan.
# :::
#
# ## Exercise
#
# :::{admonition} Why limits on the log scale look worse
# :class: seealso
# In the simulated cohort the limits of VHI are narrow against the range in raw numbers and wide after log(x + 1). Which scans make the difference? Compute width and range on both
# scales without the scans of 30,000 voxels and more, and without those below 300. Then compute the limits of log(x + 1) with VHI in voxels, mm³ (1.169 mm³ a voxel) and cm³.
# Which of the three is right?
# :::
#
# :::{admonition} How many patients does a study of agreement need?
# :class: seealso
# Each limit shall be known to ± 0.25 standard deviations of the differences, with 95 % confidence. How many patients, with one scan each? How sure were eight?
#
# The solutions are folded below.
# :::

# %% tags=["hide-cell"]
first, second, means = vhi_pairs.first, vhi_pairs.second, vhi_pairs.means
for scale, change in (("raw", np.asarray), ("log(x + 1)", np.log1p)):
    for name, which in (
        ("all simulated scans", means >= 0),
        ("without the largest", means < 30000),
        ("without the smallest", means >= 300),
    ):
        a, b = change(first[which]), change(second[which])
        own = limits_of_agreement(a, b)
        wide, span = own.upper - own.lower, np.ptp((a + b) / 2)
        said = f"width {number(wide)} / range {number(span)} = {wide / span:.2f}"
        print(f"{scale:10} {name:20} n = {own.n}: {said}")
for unit, size in (("voxels", 1), ("mm³", 1.169), ("cm³", 0.001169)):
    own = limits_of_agreement(np.log1p(size * first), np.log1p(size * second))
    ratio = ratio_limits(size * first, size * second)
    print(
        f"{unit:7} log(x + 1): {own.lower:.2f} to {own.upper:.2f}; ratios {ratio.lower:.2f} to {ratio.upper:.2f}"
    )

# %% tags=["hide-cell"]
from vhi.statistics import limit_factors, sample_size_for_limits

for half_width in (0.5, 0.34, 0.25, 0.1):
    print(f"each limit to ± {half_width:4} SD: {sample_size_for_limits(half_width):5} patients")
for n in (8, 29):
    inner, outer = limit_factors(n)
    print(
        f"with {n:2} patients: from {inner:.2f} to {outer:.2f} SD from the bias, half of it {(outer - inner) / 2:.2f}"
    )

# %% [markdown]
# :::{dropdown} Solutions in words
# In raw numbers the largest scans make the range: without them hardly narrower limits look much wider against it, and the smallest scans do not count at all. On the log scale 20 and 80 voxels
# are as far apart as 20,000 and 80,000, and a few of the smallest scans make much of the width. Neither is wrong: the first asks about voxels, the second about proportions, which are worst in
# small scans. And log(x + 1) asks something else in each unit, as 1 voxel is not 1 cm³: no unit is the right one. Ratios are the same in all three; scans with a zero have none and
# are counted apart.
#
# For ± 0.25 SD it takes close to two hundred patients, one scan each; two scans of a patient may be worth less than two patients.
# :::
