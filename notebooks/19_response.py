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
# (page-response)=
# # Response to treatment
#
# :::{admonition} On this page
# **You will** recompute the preprint's counts of responders with intervals and {term}`kappa`, find out why three of them cannot hold for 29 patients, and see what "any fall is a response"
# and a regression of changes can and cannot say.
#
# **You need** [](#page-agreement).
#
# **It takes** 25 minutes.
# :::
#
# ## Question
#
# Twenty-nine patients were scanned before and after {term}`biologic therapy`. Who responded: by the clinic, by VHI, by {term}`SPARCC`? Do the three answers agree, and better than by chance?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
# %matplotlib inline
from itertools import product
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import t as student

import vhi
from book.drawings import simulated_patients as draw
from vhi.papers import printed_numbers, printed_responses, simulated_patients
from vhi.reader_study import (
    change_lines,
    changes_figure,
    compare_rules,
    kappa_coverage,
    number,
    response_figure,
    response_table,
    responses_of,
    sdc_of,
    upper_shares,
)
from vhi.statistics import (
    RULES,
    coverage_note,
    exact_proportion,
    expected_regression_to_mean,
    kappa_interval,
    mcnemar,
    measurement_error,
    responder_table,
    standardised_response_mean,
    upper_share,
)

printed = printed_numbers().rename(index=lambda key: key.removeprefix("hepburn-"))
patients = simulated_patients()
answers = responses_of(patients)


def interval(low, high):
    """Two ends as text."""
    return f"{number(low)} to {number(high)}"


def of_few(table):
    """The interval of kappa for few patients."""
    cells = [[table.both, table.first_only], [table.second_only, table.neither]]
    return kappa_interval(cells)


print(
    fill(
        f"With source {SOURCE}, as with any other: counts are the preprint's, single patients are SIMULATED."
    )
)

# %% [markdown]
# Two kinds of numbers stand on this page, whatever the source of cases. *Printed counts* are the preprint's own: how many responded by which rule. The values behind them are not published;
# wherever single patients are shown they are {term}`simulated <simulated cohort>`, such that all printed counts come out.
#
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-spaghetti", "caption": "VHI (above) and SPARCC (below) before and after treatment, SIMULATED patients, means of two readers, clinical responders left and others right, in the form of Figure 9 of the preprint (n = 29; one has no SPARCC after treatment). A tie counts as no response. Takeaway: the counts in the legends are the printed ones; the lines are nobody's."}, "image": {"alt": "Four panels marked simulated with a line for each patient from before to after: green where the value falls, red and dashed where it rises; both colours are in every panel."}}
response_figure(patients, answers["clinical"], "clinical")

# %% [markdown]
# ## Code
#
# ### The printed counts, with intervals
#
# 16 of 29 patients responded clinically. VHI fell in 11 of these 16 and did not fall in 4 of the other 13; SPARCC fell in 12 of 16 and did not in 6 of 12. That makes two tables of two by two:

# %%
every = printed_responses()
tables = {pair: table for pair, table in every.items() if "clinical" in pair}
for (first, second), table in tables.items():
    print(f"{first} and {second}: both {table.both}, only {first} {table.first_only},", end=" ")
    print(f"only {second} {table.second_only}, neither {table.neither}, not known {table.dropped}")
    share, kappa = table.agreement, table.kappa
    print(
        f"    agree {share.count} of {share.n} = {share.share:.0%} ({share.low:.0%} to {share.high:.0%})"
    )
    print(
        f"    kappa {kappa.value:.3f} ({kappa.interval[0]:.2f} to {kappa.interval[1]:.2f};", end=" "
    )
    print("for few patients {:.2f} to {:.2f})".format(*of_few(table)))

# %% tags=["remove-input"]
vhi_table, sparcc_table = tables.values()
print(
    fill(
        f"Agreement of {vhi_table.agreement.share:.0%} (exact interval, n = {vhi_table.n}) between VHI and the clinic is what chance alone gives with these "
        f"numbers of responders: kappa, which takes chance off, is {vhi_table.kappa.value:.3f}. That of SPARCC is {sparcc_table.kappa.value:.2f}, with an interval that "
        f"{'holds' if sparcc_table.kappa.interval[0] < 0 else 'does not hold'} 0 too (n = {sparcc_table.n})."
    )
)
print(fill(f"How often these intervals of kappa hold: {kappa_coverage(vhi_table.n)}."))

# %% [markdown]
# ### Three counts that cannot all hold
#
# The preprint also prints that VHI and the clinic agree in 15 of 29 patients, SPARCC and the clinic in 18 of 29, SPARCC and VHI in 19 of 29. With three yes/no answers, how many of the three pairs can agree in
# one patient?

# %%
pairs = {(a == b) + (a == c) + (b == c) for a, b, c in product((False, True), repeat=3)}
counts = [int(printed.loc[f"agree-{what}", "value"]) for what in ("vhi", "sparcc", "both")]
print(f"pairs that agree in a patient: {sorted(pairs)}, always an odd number")
print(
    f"so over 29 patients: an odd number; printed: {' + '.join(map(str, counts))} = {sum(counts)}"
)

# %% [markdown]
# A patient without a change of SPARCC adds 0 or 1 instead. The printed 6/12, where there are 13 clinical non-responders, says that there is one. The other 28 add an even number: 18 + 19 and an
# odd one. So VHI and the clinic agree in 15 of *these*, and the patient left out, a clinical non-responder, is a responder by VHI. Then the third table follows as well:

# %%
by_vhi = vhi_table.both + vhi_table.second_only - 1  # without the patient left out
by_sparcc = sparcc_table.both + sparcc_table.second_only
agree, n = counts[2], sparcc_table.n
both = (by_vhi + by_sparcc - (n - agree)) // 2
third = tables["vhi-fall", "sparcc-fall"] = every["vhi-fall", "sparcc-fall"]
print(f"by hand: {both} respond by both; the library: {third.both},", end=" ")
print(f"only VHI {third.first_only}, only SPARCC {third.second_only},", end=" ")
print(
    f"neither {third.neither}: agree {third.agreement.count} of {third.n}, kappa {third.kappa.value:.2f}"
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-kappa", "caption": "Kappa of every two ratings of response with its 95 % interval for few patients, from the counts printed in the preprint (n = 29 patients; 28 where SPARCC takes part). Dotted: agreement by chance. Takeaway: every interval contains 0 and reaches from no agreement to fair agreement."}, "image": {"alt": "Three points with long horizontal intervals; all intervals cross the dotted line at 0."}}
fig, axes = plt.subplots(figsize=(7.5, 2.2), layout="constrained")
kappas = [table.kappa for table in tables.values()]
names = [f"{' and '.join(pair)} (n = {table.n})" for pair, table in tables.items()]
ends = zip(*(of_few(table) for table in tables.values()), strict=True)
values = [kappa.value for kappa in kappas]
draw.draw_intervals(axes, names, values, *ends, mark_at=0, limits=(-1, 1), label="kappa")
plt.show()

# %% [markdown]
# ### "No difference" is not sameness
#
# Does one rule find more responders than the other? McNemar's test on each table; three tests, so P is adjusted (Holm):

# %%
rows = compare_rules(tables, data="printed counts")
shown = ["first", "second", "n", "first_only", "second_only", "mcnemar_p", "mcnemar_p_holm"]
print(rows[shown].to_string(index=False, float_format="{:.2f}".format))

# %% [markdown]
# None is significant, and none says that two rules agree. For that, a margin has to be set beforehand. Let shares of patients rated as the clinic does count as the same within ± 20 points
# (as on [](#page-agreement)). VHI and SPARCC differ in 9 of 28 patients, and in each of these exactly one of the two agrees with the clinic:

# %%
MARGIN = 0.20
apart = third.first_only + third.second_only
right_sparcc = (apart + counts[1] - counts[0]) // 2
test = mcnemar([[0, right_sparcc], [apart - right_sparcc, 0]])
split = exact_proportion(right_sparcc, apart)
more, low, high = ((2 * p - 1) * apart / n for p in (split.share, split.low, split.high))
print(
    f"SPARCC right in {right_sparcc}, VHI in {apart - right_sparcc} of {apart}: exact P {test.exact_p:.2f}"
)
print(
    f"SPARCC agrees with the clinic in {more:+.0%} of patients ({low:+.0%} to {high:+.0%}), n = {n}"
)
print(f"the same within {MARGIN:.0%}: {'shown' if max(-low, high) <= MARGIN else 'not shown'}")

# %% [markdown]
# ### Any fall, or a fall beyond measurement error
#
# The preprint counts any fall as a response, and says that this is a simplification. A stricter rule asks for a fall beyond the {term}`SDC` of the mean of two readers. There are other clinical
# rules, too: what the preprint prints (BASDAI by 1.2, spinal VAS by 1) is milder than NICE's {cite:p}`nice2016`, and its "> 1.1" of ASDAS is "≥ 1.1" in the consensus {cite:p}`machado2011`. On the simulated
# patients, against the clinical response:

# %%
rows = []
for rule in ("clinical", *RULES):
    responds = responses_of(patients, [rule])[rule]
    table = responder_table(answers["clinical"], responds)
    label = RULES[rule].label if rule in RULES else "Clinical response (the printed counts)"
    rows.append({"SIMULATED": label, "responders": f"{np.nansum(responds):.0f} of {table.n}"})
    rows[-1]["kappa with clinical"] = f"{table.kappa.value:z.2f}"
print(pd.DataFrame(rows).to_string(index=False))

# %% tags=["remove-input"]
sdc = {measure: sdc_of(patients, measure) for measure in patients.readers}
falls = {
    m: (answers[f"{m}-fall"] == 1, answers[f"{m}-fall-beyond-sdc"] == 1) for m in ("vhi", "sparcc")
}
print(
    fill(
        f"Smallest detectable change in this simulated cohort: {number(sdc['vhi_voxels'])} voxels and {number(sdc['sparcc'])} points. Of {falls['vhi'][0].sum()} falls of VHI "
        f"{falls['vhi'][1].sum()} are larger, of {falls['sparcc'][0].sum()} of SPARCC {falls['sparcc'][1].sum()}: the rest could be measurement error. BASDAI, VAS and ASDAS are drawn "
        "so that the printed number of responders comes out, and otherwise at will: these rows show how rules differ, not how patients do."
    )
)

# %% [markdown]
# ### One change on another
#
# The preprint regresses the change of VHI on that of SPARCC: slope 2408 voxels a point (1230 to 3586). Least squares takes the change of SPARCC for free of error, which flattens the line. {term}`Deming regression`
# gives both changes the error that the readers' differences show:

# %%
for name, line in change_lines(patients).items():
    print(f"SIMULATED, {name:13} n = {line.n}: slope {line.slope:5.0f}", end=" ")
    print(
        f"({interval(*line.slope_interval)}) voxels a point, P {line.slope_p:.1g}, r {line.r:.2f}"
    )
slope = printed.loc["slope", "value"]
low, high = printed.loc["slope-interval", ["low", "high"]]
spread = (float(high) - float(low)) / 2
t_value = float(slope) / spread * student.ppf(0.975, 29 - 2)
r_printed = t_value / np.sqrt(t_value**2 + 29 - 2)
print(f"printed:                          slope {slope:>5}", end=" ")
print(f"({low} to {high}), so r {r_printed:.2f}")

# %% tags=["remove-input"]
for name, line in change_lines(patients).items():
    held = coverage_note(name, line.n, quantity="slope")
    print(fill(f"How often such an interval of a slope holds, {name}: {held}."))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-changes", "caption": "Change of VHI against change of SPARCC, SIMULATED patients (n = 28 with both), in the form of Figure 9 of the preprint; right: the axis cut, lines from all patients. Takeaway: least squares reproduces the printed slope; how steep the line really is depends on what is taken for error."}, "image": {"alt": "Two scatter plots marked simulated: a cloud rising to the right with two lines, the Deming line steeper than the least-squares line."}}
changes_figure(patients)

# %% [markdown]
# Deming's line goes to the other extreme: the readers' error of VHI is small against that of SPARCC, so nearly all scatter about the line counts as error of SPARCC, also that which lies in the patients. The two lines are
# ends between which a relation may lie.
#
# ### Regression to the mean
#
# Patients were chosen for active disease. Whoever is chosen by a high value has, on average, a value that was too high by chance, and the next one is lower without any treatment {cite:p}`barnett2005`. Two readings of *one* scan show it:

# %%
points = patients.readings("sparcc", "R1", "R2")[["R1", "R2"]].to_numpy()
first, second = points.T
cutoff = np.median(first)
high = first > cutoff
bias = (second - first).mean()
seen = (second - first)[high].mean() - bias
sem = measurement_error(first, second).sem
expected = expected_regression_to_mean(first.mean(), first.std(ddof=1), sem, cutoff=cutoff)
print(f"SIMULATED, {high.sum()} of {len(points)} scans with a first SPARCC above {cutoff:g}:")
print(f"second reading − first, bias taken off: {seen:.1f} points; to be expected {expected:.1f}")

# %% [markdown]
# Nobody was treated between two readings of one scan. Between two visits, more than the reader differs by chance, so that more is to be expected. Without untreated patients, no rule tells
# the one fall from the other.
#
# ### How large are the changes?
#
# The {term}`standardised response mean` (SRM) is the mean change over the SD of changes, so that measures of different units can be compared:

# %%
for measure in patients.readers:
    srm = standardised_response_mean(patients.at(measure, "before"), patients.at(measure, "after"))
    print(f"SIMULATED, {measure:10} n = {srm.n}: mean change {number(srm.mean_change)},", end=" ")
    print(f"SRM {srm.srm:.2f} ({interval(*srm.interval)})")

# %% tags=["remove-input"]
held = coverage_note("standardised response mean", srm.n)
print(fill(f"How often such an interval holds: {held}."))

# %% [markdown]
# ### The brightest part (Figure 8)
#
# Figure 8 of the preprint shows one patient in whom, after treatment, less of what is left reaches the {term}`upper threshold`. The scans of this pair are not in our copy of the authors' data. On the phantom's patient
# with two visits the share can be counted, with true lesions known:

# %%
shares = {}
for visit in ("before", "after"):
    case = vhi.find_case("phantom", "P01", visit)
    truth = next(mask.path for mask in case.reader_masks if mask.reader == "truth")
    labels = vhi.measure(case).kept.array[vhi.load_mask(truth).array]
    lower, upper = np.sum(labels >= 1), np.sum(labels >= 2)
    shares[visit] = float(upper_share([lower], [upper])[0])
    print(f"phantom (simulated), {visit:6}: {shares[visit]:.0%} reach the upper threshold")

# %% tags=["remove-input"]
drop = {visit: np.nanmedian(each) for visit, each in upper_shares(patients).items()}
print(
    fill(
        f"On this phantom, n = 1, the share goes from {shares['before']:.0%} to {shares['after']:.0%}. In the simulated cohort its median goes from {drop['before']:.0%} to {drop['after']:.0%} "
        f"(n = {len(patients.names)}), because the model says so: one figure of one patient is all that the preprint tells of it."
    )
)

# %% [markdown]
# ## Check
#
# Do the simulated patients give the printed tables, cell by cell?

# %%
own = response_table(patients).set_index(["first", "second"])
for pair, table in tables.items():
    cells = ("both", "first_only", "second_only", "neither", "dropped")
    same = all(own.loc[pair, cell] == getattr(table, cell) for cell in cells)
    print(f"{' and '.join(pair):22} {'same cells' if same else 'DIFFERENT'}")
line = change_lines(patients)["least squares"]
same = f"{line.slope:.0f}" == slope
print(f"slope of changes: {'as printed' if same else 'DIFFERENT'}")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# With 29 patients kappa is known to about ± 0.35. "Any fall" turns measurement error into responders, and patients chosen for active disease seem to respond even to no treatment. What a
# trial needs is a rule beyond the smallest detectable change, an interval with every share, and untreated patients.
# :::
#
# ## Exercise
#
# :::{admonition} How many patients would a trial need?
# :class: seealso
# First: to show that a measure falls with treatment, with a power of 90 % at P < .05 (two-sided, paired), if its SRM is what the simulated cohort has, and if it is at either end of its interval. Second: to
# know kappa between VHI and the clinic to ± 0.1, if its standard error shrinks with the root of the number of patients.
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
from statsmodels.stats.power import TTestPower

for measure in patients.readers:
    srm = standardised_response_mean(patients.at(measure, "before"), patients.at(measure, "after"))
    low, high = srm.interval
    print(f"SIMULATED, {measure}")
    for name, size in (("as found", srm.srm), ("strong end", low), ("weak end", high)):
        if size >= 0:
            print(f"    {name:10} SRM {size:5.2f}: no fall, so no number of patients")
        else:
            need = TTestPower().solve_power(effect_size=-size, alpha=0.05, power=0.9)
            print(f"    {name:10} SRM {size:5.2f}: {np.ceil(need):.0f} patients")
kappa = vhi_table.kappa
half = (kappa.interval[1] - kappa.interval[0]) / 2
print(
    f"kappa: ± {half:.2f} with {kappa.n} patients; ± 0.1 with {np.ceil(kappa.n * (half / 0.1) ** 2):.0f}"
)

# %% [markdown]
# :::{dropdown} Solution in words
# The two ends of one interval ask for quite different trials: 29 patients hardly plan the next study, and a few very large changes decide the SRM of VHI. An SRM also counts regression to the
# mean as an effect, so a trial needs a group without treatment; with two groups of equal size it takes about four times the patients in all to find a difference as large as the change within
# one group. For kappa to ± 0.1 it takes several hundred patients.
# :::
