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
# (page-ledger)=
# # The ledger
#
# :::{admonition} On this page
# **You will** see every number that four papers print, which of them come out again, which cannot be checked, and which contradict the numbers printed beside them.
#
# **You need** [](#page-data). No page needs this one.
#
# **It takes** 10 minutes, or an evening.
# :::
#
# ## Question
#
# Four papers stand behind this book: the preprint that describes {term}`VHI` {cite:p}`hepburn2021preprint`, and three that measure or classify inflammation on MRI of the sacroiliac joints or the hip by
# deep learning ({cite:t}`bressem2022`, {cite:t}`zheng2023`, {cite:t}`li2024`). How much of what they print can somebody else check, and does it hold?

# %% tags=["parameters", "hide-input"]
import os

SOURCE = os.environ.get("VHI_CASES", "study")  # "study", "phantom", or the path of your own table

# %% tags=["hide-input"]
from textwrap import fill

import matplotlib.pyplot as plt

from book.drawings.ledger import LedgerTables, draw_statuses
from vhi.papers import (
    ALL_PAPERS,
    STATUSES,
    agrees,
    blind_rows,
    counts_by_status,
    equations_by_status,
    ledger_table,
    share_recomputed,
)

rows = ledger_table()
counts = counts_by_status(rows)
equations = equations_by_status(rows)
print(f"{len(rows)} printed numbers. This page shows no scan of source {SOURCE}.")

# %% tags=["remove-input"]
if not counts[ALL_PAPERS]["recomputed"]:
    waiting = counts[ALL_PAPERS]["needs-unmirrored-files"]
    print(
        fill(
            f"The study's files are not here, so {waiting} numbers that they would decide are left open."
        )
    )

# %% [markdown]
# ## Picture

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-ledger", "caption": "What became of every number printed in the abstracts, results and tables of four papers (n beside each bar): computed again from the study's files, following from other printed numbers, allowed by them, contradicted by them, or not to be checked without files or data that are not here. Takeaway: few numbers of any paper can be computed again from data, and most of those that can be checked hold."}, "image": {"alt": "Five horizontal bars of one length, one for each paper and one for all, each divided by colour into up to six parts with their counts."}}
fig, axes = plt.subplots(figsize=(9, 4), layout="constrained")
draw_statuses(axes, counts)
plt.show()

# %% tags=["remove-input"]
every = counts[ALL_PAPERS]
decided = len(rows) - every[STATUSES[4]] - every[STATUSES[5]]
print(
    fill(
        f"Of {len(rows)} printed numbers {every[STATUSES[0]] + every[STATUSES[1]]} come out again ({share_recomputed(rows):.0%}), {every[STATUSES[0]]} of them from the study's files and {every[STATUSES[1]]} from other printed "
        f"numbers. {every[STATUSES[2]]} more are allowed by other numbers. {every[STATUSES[3]]} do not fit ({every[STATUSES[3]] / max(decided, 1):.0%} of the {decided} that can be checked), and {len(rows) - decided} cannot be checked here."
    )
)
checked = equations[ALL_PAPERS]
divided = rows["equation"].str.contains(": share ") & (rows["status"] == STATUSES[1])
print()
print(
    fill(
        f"Many of these rows restate one another: a percentage may stand in the abstract, the text and a figure. Counted once, the {decided} rows that can be checked are {checked.sum()} equations, and {checked['inconsistent']} of them do not hold. The simplest only divide one count by another that is printed beside it: {divided.sum()} of the {every[STATUSES[1]]} rows that follow from other numbers."
    )
)

# %% [markdown]
# ## Code
#
# ### What the words mean
#
# - *recomputed*: computed again, by a test of this library, from files that the authors published.
# - *recomputed from counts*: it follows from other printed numbers, as a percentage from its counts or a P value from an interval.
# - *consistent*: other printed numbers allow it, and would allow another one too; or it holds under an assumption, which its row states.
# - *inconsistent*: computed again, it is another number, under every reading that was tried.
# - *needs unmirrored files*: the authors published files that would decide, and these are not here.
# - *needs unpublished data*: patients' data would decide, and these are not public, for good reasons often.

# %%
table = counts.rename(
    index=lambda status: status.replace("-", " "), columns=lambda paper: paper.split(" (")[0]
)
print(table.to_string())

# %% [markdown]
# A printed number holds where ours lies within half a unit of its last digit. No check sees the number that it checks.

# %%
for ours in (0.8397, 0.8349):
    print(f"printed 0.84, ours {ours}: {'holds' if agrees('0.84', ours) else 'does not hold'}")

# %% tags=["remove-input"]
own = rows[rows["status"] == "recomputed"]
listed = own[own["place"].str.startswith(("Abstract", "Section 3"))]
if len(own):
    print(
        fill(
            f"{len(own)} numbers are computed again from the study's files, all of them of the preprint. Those of its abstract and results, printed | ours:"
        )
    )
    print()
    for row in listed.itertuples():
        print(f"{row.place}, {row.quantity}: {row.printed} | {row.recomputed}")

# %% [markdown]
# (inconsistent)=
# ### What does not fit
#
# Each row says what is printed, what comes out, and why. Many concern a denominator or a digit. A few matter for a conclusion: which of four networks is best (Zheng 2023), whether
# a model is superior to an expert (Li 2024). A number that does not fit need not be wrong: the number beside it may be the wrong one. This page reads
# the *preprint* of the VHI paper; the journal version {cite:p}`hepburn2023` may have corrected some numbers. Of the other papers, only the text was available, without the figures.
#
# A row is called inconsistent only after other readings of the print were tried: digits cut off instead of rounded, one- and two-sided tests, tests with and without correction, other methods for an interval, counts
# that are rounded means, and other totals that the paper prints. The last column lists the readings with the number that each would give.

# %% tags=["remove-cell"]
# The same as text, which the tests compare.
unfit = rows[rows["status"] == "inconsistent"]
print(LedgerTables(unfit), LedgerTables(rows, brief=True), sep="\n")

# %% tags=["hide-input", "nbval-ignore-output"]
LedgerTables(unfit, tried=True, opened=(rows["paper"][0],))

# %% [markdown]
# ### What holds under an assumption only
#
# In these rows the first computation gives another number, but one other reading of the print fits; the row states it.

# %% tags=["remove-cell"]
# The same as text, which the tests compare.
assumed = rows[rows["assumption"] != ""]
print(LedgerTables(assumed, brief=True))
for row in assumed.drop_duplicates(["paper", "assumption"]).itertuples():
    print(f"{row.key}: {row.printed}, if {row.assumption}")

# %% tags=["hide-input", "nbval-ignore-output"]
LedgerTables(assumed)

# %% [markdown]
# ### Every number
#
# All rows, folded by paper; a click opens one. Once open, the browser's search finds what it holds.

# %% tags=["hide-input", "nbval-ignore-output"]
LedgerTables(rows, status=True, brief=True)

# %% [markdown]
# ## Check
#
# ### None without a verdict, no verdict without a reason

# %%
unknown = (~rows["status"].isin(STATUSES)).sum()
silent = ((unfit["why"] == "") | (unfit["tried"] == "")).sum()
twice = rows["key"].duplicated().sum()
print(f"{len(rows)} numbers: {unknown} without a status,")
print(f"{silent} inconsistent without a reason or without other readings,")
print("each stands once" if not twice else f"{twice} BROKEN: they stand twice")

# %% [markdown]
# ### Would a wrong number be noticed?
#
# Each printed number is replaced by wrong ones nearby: its last digit up and down by one to three, two digits exchanged, the next whole number. A good check then says *inconsistent*. Some checks cannot: a bootstrap varies,
# and a sum of rounded numbers leaves room. Their rows say which wrong number would pass.

# %%
blind = blind_rows(rows)
print(f"{len(blind)} rows would let some wrong number nearby pass:")
print(blind.groupby("paper", sort=False).size().to_string())
row = blind[blind["key"] == "bressem-time-total"].iloc[0]
print()
print(fill(f"For example {row.quantity}, printed {row.printed}: {row.tolerance}."))

# %% [markdown]
# ### One row by hand
#
# Bressem 2022 prints the sensitivity for active inflammatory changes in the test set with its interval: 22 of 25 patients. The exact interval needs nothing but these two counts.

# %%
from vhi.statistics import exact_proportion

with_counts = rows["quantity"].str.contains("22 of 25")
row = rows[with_counts & rows["printed"].str.contains("(", regex=False)].iloc[0]
ours = exact_proportion(22, 25)
print(f"printed {row.printed}")
print(
    f"ours    {100 * ours.share:.2f} ({100 * ours.low:.2f} to {100 * ours.high:.2f}), {row.status}"
)

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# Print counts beside every percentage, n beside every interval, and the data where patients allow it: then a reader can check. Of what can be checked here, most holds.
# :::
#
# ## Exercise
#
# :::{admonition} A percentage that cannot be
# :class: seealso
# Zheng 2023 has 195 patients, 79.2 % of them men. Which number of men is that? Then suppose that a percentage with one decimal is misprinted at random: how often would n alone give it away, for n = 25, 58, 195 and 400?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
near = [f"{men} are {100 * men / 195:.2f} %" for men in (154, 155)]
print(
    f"79.2 % of 195: {[men for men in range(196) if agrees('79.2', 100 * men / 195)] or 'nobody'}; {', '.join(near)}"
)
for n in (25, 58, 195, 400):
    possible = {f"{100 * count / n:.1f}" for count in range(n + 1)}
    print(
        f"n = {n}: {len(possible)} of 1001 percentages are possible, {1 - len(possible) / 1001:.0%} of misprints show"
    )
