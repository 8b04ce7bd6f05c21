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
# (page-training)=
# # Training
#
# :::{admonition} On this page
# **You will** train a small network in a minute, watch it on a subject it never saw, and read {term}`learning curves <learning curve>`:
# those of the networks that come with this library, and those of the preprint.
#
# **You need** [](#page-network-sees).
#
# **It takes** 15 minutes, one of them for the training.
# :::
#
# ## Question
#
# A network with hundreds of thousands of weights and some two hundred slices to learn from could learn the slices by heart. How would one
# notice?

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
import torch

import vhi
from book.drawings import network_slices as network_figures
from book.drawings.learning_curves import authors_curves, our_curves
from book.drawings.missing_masks import with_masks
from vhi import InputError
from vhi.statistics import dice
from vhi.training import (
    HELD_OUT_COLOUR,
    STUDY_TEST,
    TRAINING_COLOUR,
    Recipe,
    draw_curves,
    load_example,
    parameter_count,
    probabilities,
    split,
    train,
)

if len({each.subject for each in vhi.load_cases(SOURCE)}) < 2:
    print(
        "Training needs two subjects, one of them held out; this page continues with the phantom."
    )
    SOURCE = "phantom"
    CASE, VISIT = case_names(SOURCE)[0]
subject = vhi.find_case(SOURCE, CASE, VISIT).subject
print(f"Case {CASE}, visit {VISIT or 'not named'}, source {SOURCE}.")

# %% [markdown]
# ## Picture
#
# By looking at somebody else's scans. The networks of this library were first trained with two of eight subjects {term}`held out`, two others each
# time ({term}`cross-validation`). A curve records how well a network does while it learns, on the slices it learns from and on the scans it
# never learns from. The curves of all these trainings lie in the repository.

# %%
curves = {name: curve for name, curve in our_curves().items() if name.startswith("cv")}
print("training  steps  training loss  held-out loss  held-out Dice")
for name, curve in curves.items():
    row = curve[-1]
    print(
        f"{name:8} {row.step:6} {row.loss:14.3f} {row.held_out_loss:14.3f} {row.held_out_dice:14.3f}"
    )

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-our-curves", "caption": "Learning curves of this library's networks in cross-validation on the study's eight training subjects (n, the number of trainings, in the title), over steps of four slices each. Left: training loss (grey; cross-entropy plus Dice loss, on changed slices) and cross-entropy of the two scans held out (red), two different quantities. Right: Dice of the scans held out, all slices together, with its last value. Takeaway: most is learned in the first thousand steps; the Dice of the scans held out creeps up to the end, their loss does not."}, "image": {"alt": "Two line charts over steps. Left, the loss falls steeply and levels out, for training in grey and for the scans held out in red. Right, the Dice of the scans held out rises steeply and levels out at 0.90 to 0.94, by training."}}
fig, panels = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for curve in curves.values():
    draw_curves(panels, curve, loss="bce+dice")
for text in panels[1].texts:
    text.set_fontsize(7)
panels[0].set_title(f"n = {len(curves)} trainings", fontsize=9)
for axes in panels:
    axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% tags=["remove-input"]
ends = [curve[-1].held_out_dice for curve in curves.values()]
best = [max(row.held_out_dice for row in curve) for curve in curves.values()]
lag = max(b - e for b, e in zip(best, ends, strict=True))
print(
    fill(
        f"{len(ends)} trainings on the study's scans: Dice of the scans held out {min(ends):.3f} to {max(ends):.3f} at the "
        f"end, mean {np.mean(ends):.3f}; no training ends more than {lag:.3f} below the best value on its way."
    )
)

# %% [markdown]
# ## Code
#
# ### What is to become small
#
# The network answers with a probability $p_i$ for each of $N$ pixels; the mask says $r_i$, 1 in bone and 0 elsewhere. The {term}`loss` says how
# bad the answer is. The preprint's is the {term}`cross-entropy`, small where the network is sure and right, large where it is sure and wrong:
#
# ```{math}
# :label: eq-cross-entropy
# L_\mathrm{CE} = -\frac{1}{N} \sum_i^N \bigl( r_i \log p_i + (1 - r_i) \log (1 - p_i) \bigr)
# ```
#
# Ours adds one minus a soft {term}`Dice`, in which probabilities stand for yes and no {cite:p}`milletari2016`. The preprint has such a Dice too (its supplement S1), as a
# measure and with squares in the denominator; MONAI's, which we train with, has none {cite:p}`cardoso2022`:
#
# ```{math}
# :label: eq-soft-dice
# \mathrm{Dice} = \frac{2 \sum_i^N r_i p_i}{\sum_i^N r_i + \sum_i^N p_i}
# ```
#
# Four pixels are enough to see what either minds. Sure and right, unsure and right, sure and wrong in one:

# %%
truth = np.array([1.0, 1.0, 0.0, 0.0])
answers = {"sure": [0.95, 0.95, 0.05, 0.05], "unsure": [0.6, 0.6, 0.4, 0.4]}
answers["sure, one wrong"] = [0.95, 0.05, 0.05, 0.05]
for name, answer in answers.items():
    p = np.array(answer)
    entropy = -np.mean(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    soft = 2 * (truth * p).sum() / (truth.sum() + p.sum())
    hard = dice(p > 0.5, truth > 0.5)
    print(f"{name:16} cross-entropy {entropy:.2f}, soft Dice {soft:.2f}, Dice {hard:.2f}")

# %% [markdown]
# Dice itself, after rounding, does not know sure from unsure. Remember this for the preprint's curves below.
#
# ### One minute
#
# Training repeats one {term}`step`: take a few slices, change them ([](#page-network-sees)), let the network answer, and move every weight a little in the
# direction in which the loss falls {cite:p}`kingma2015,loshchilov2019`. A minute on one processor core allows a small network and coarse slices. One subject is
# held out, with all visits; the study's two test subjects take no part, on this page or any other.

# %%
quick = Recipe(
    filters=(8, 16, 32, 32),
    block=1,
    spacing_mm=3.0,
    steps=1000,
    batch=2,
    learning_rate=0.006,
    augmentation="paper",
    precision="float32",
)

# %%
apart = STUDY_TEST if SOURCE == "study" else ()
cases = [each for each in with_masks(vhi.load_cases(SOURCE)) if each.subject not in apart]
learned, kept = ([load_example(each, quick) for each in part] for part in split(cases, [subject]))
print(f"learns from {len(learned)} scans, {sum(len(each.slices) for each in learned)} slices")
print(
    f"held out: subject {subject}, {len(kept)} scan(s); {parameter_count(quick.build()):,} weights"
)

# %% tags=["nbval-ignore-output"]
trained = train(learned, quick, held_out=kept, steps_per_row=100)
print("step  training loss  held-out loss  held-out Dice")
for row in trained.curve:
    print(f"{row.step:4} {row.loss:14.3f} {row.held_out_loss:14.3f} {row.held_out_dice:14.3f}")
print(f"{trained.seconds:.0f} s on {quick.threads} thread(s)")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-quick-curve", "caption": "The one-minute training (n = 1 training, one subject held out), over steps of two slices each. Left: training loss (grey; cross-entropy plus Dice loss) and cross-entropy of what is held out (red). Right: Dice of the scans held out, all slices together, at the training's coarse spacing. Takeaway: most is learned early."}, "image": {"alt": "Two line charts over steps. Left, training loss and held-out loss fall. Right, the Dice of the scan held out rises with some jumps and levels out."}}
fig, panels = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
draw_curves(panels, trained.curve, loss="bce+dice")
for axes in panels:
    axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The learning rate, how far a step goes, rises over the first tenth of the steps and falls to nothing at the end: steps are bold first and fine last. That
# is why the curve jumps in its middle and is calm at its end.
#
# ### What it answers
#
# A probability for every pixel, on a scan of somebody it never saw. From one half on a pixel counts as bone.

# %% tags=["nbval-ignore-output"]
example = kept[0]
probability = probabilities(trained.network, example)
drawn, found = example.target > 0.5, probability > 0.5
index = int(drawn.sum(axis=(1, 2)).argmax())
unsure = np.mean((probability > 0.1) & (probability < 0.9))
print(
    f"Dice: whole scan {dice(found, drawn):.3f}, slice {index} {dice(found[index], drawn[index]):.3f}"
)
print(f"between 10 and 90 %: {unsure:.1%} of all pixels")
missed = probability[drawn & ~found]
certain = np.count_nonzero(missed < 0.1) / max(missed.size, 1)
print(f"of the bone it misses, {certain:.0%} was given less than 10 %")

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-quick-map", "caption": "One slice of the scan held out from the one-minute training (n = 1 scan). Left: T1w at the training's coarse spacing with the mask drawn by hand, or known to the phantom (blue line). Middle: the network's probability of bone, 0 (black) to 1 (yellow), same line. Right: T1w with the outline of what it calls bone (probability above one half). Takeaway: between black and yellow the network is unsure, along the rim above all; but what it misses it can miss without being unsure."}, "image": {"alt": "Three pictures of one coarse coronal slice. Left T1w with a blue outline of sacrum and ilia. Middle a probability map, bright inside the outline and dark outside with a blurred rim. Right T1w with the outline that the network found."}}
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
box = network_figures.box_around(drawn.any(axis=0))
image = example.slices[index, 0]
network_figures.draw_network_slice(
    left, image, outline=drawn[index], box=box, title=f"drawn (slice {index})"
)
picture = network_figures.draw_probability(
    middle, probability[index], outline=drawn[index], box=box, title="probability"
)
network_figures.draw_network_slice(right, image, outline=found[index], box=box, title="found")
fig.colorbar(picture, ax=middle, shrink=0.7)
plt.show()

# %% tags=["remove-input"]
overlap = dice(found, drawn)
print(
    "After one minute it finds most of the bone (Dice above 0.7)."
    if overlap > 0.7
    else "After one minute it does not find most of the bone (Dice below 0.7)."
)

# %% tags=["remove-input"]
full = Recipe()
print(
    fill(
        f"The networks at the top of this page do the same for longer: pixels of {full.spacing_mm:g} mm instead of {quick.spacing_mm:g}, "
        f"{full.steps:,} steps of {full.batch} slices instead of {quick.steps:,} of {quick.batch}, {parameter_count(full.build()):,} weights instead of "
        f"{parameter_count(quick.build()):,}, and more changes."
    )
)

# %% [markdown]
# ### The preprint's own curves
#
# The authors published what their four folds wrote down while they trained: the cross-entropy and a soft Dice at each of 100 {term}`epochs <epoch>` of 350 steps,
# for the training slices and for two subjects held out (their figure S2 shows the Dice). In the preprint "the model was successfully trained without evidence of
# overfitting" {cite:p}`hepburn2021preprint`. {term}`Overfitting <overfitting>` would show as a held-out curve that turns for the worse while the training curve goes on improving.

# %%
theirs = authors_curves() if SOURCE == "study" else []
if not theirs:
    print("not the study's edition: the authors' files are not here, ours are above")

# %%
early, late = slice(20, 40), slice(80, 100)
rows = []
for curve in theirs:
    loss, overlap = curve.held_out_loss, curve.held_out_dice
    rows.append({"fold": curve.partition, "lowest at": int(loss.argmin()) + 1})
    rows[-1] |= {
        "lowest": loss.min(),
        "last": loss[-1],
        "rise %": 100 * (loss[-1] / loss.min() - 1),
    }
    for name, values in (("loss", loss), ("Dice", overlap)):
        rows[-1] |= {f"{name} 21-40": np.median(values[early])}
        rows[-1] |= {f"{name} 81-100": np.median(values[late])}
if rows:
    print("held-out loss and soft Dice; spans of epochs: medians")
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-authors-curves", "caption": "The authors' learning curves (files of the study's supplement; n = 4 folds), over epochs of 350 steps. Left: cross-entropy, mean over batches, of the training slices (grey) and of the two subjects held out (red). Right: soft Dice, mean over bone and background, of the same. One value of fold 1, at epoch 22, lies outside both. Takeaway: the Dice held out stays level while the loss held out rises."}, "image": {"alt": "Two line charts over 100 epochs with four lines each for training and held-out subjects. Left, training loss falls throughout, the held-out loss falls, then slowly rises. Right, training Dice rises throughout, the held-out Dice levels out below it."}}
if theirs:
    fig, panels = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    for curve in theirs:
        epochs, first = np.arange(1, len(curve.loss) + 1), curve.partition == 1
        for axes, lines in zip(
            panels, (("loss", "held_out_loss"), ("dice", "held_out_dice")), strict=True
        ):
            for line, colour in zip(lines, (TRAINING_COLOUR, HELD_OUT_COLOUR), strict=True):
                label = ("training" if line == lines[0] else "held out") if first else None
                axes.plot(epochs, getattr(curve, line), color=colour, linewidth=0.9, label=label)
    panels[0].set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, 0.16))
    panels[0].set_title(f"n = {len(theirs)} folds", fontsize=9)
    panels[1].set(xlabel="epoch", ylabel="soft Dice", ylim=(0.88, 1))
    panels[0].legend(frameon=False)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% tags=["remove-input"]
if theirs:
    table = pd.DataFrame(rows)
    rises = table["rise %"]
    drift = 100 * (table["loss 81-100"] / table["loss 21-40"] - 1)
    shifts = table["Dice 81-100"] - table["Dice 21-40"]
    print(
        fill(
            f"The held-out loss ends {min(rises):.0f} to {max(rises):.0f} % above its lowest point. A lowest point is partly "
            "chance; from epochs 21-40 to the last twenty the median loss "
            f"changes by {min(drift):+.0f} to {max(drift):+.0f} %, the median soft Dice by {min(shifts):+.3f} to {max(shifts):+.3f}."
        )
    )

# %% [markdown]
# Both can be true at once. The preprint looks at the Dice, and by that measure hardly anything got worse: the outlines held. The loss says that the network grew surer,
# also where it is wrong, which is overfitting of its probabilities. Rounded masks do not show it; whoever wants to use the probabilities, as a warning for example,
# should know. (Their soft Dice is a mean over bone and background, so it cannot be compared with 0.94.)
#
# ## Check
#
# Three claims. The loss in use is that of the formulas; a subject cannot be on both sides; the same recipe gives the same weights.

# %%
from monai.losses import DiceLoss

p = torch.tensor(answers["unsure"])[None, None]
r = torch.tensor(truth, dtype=torch.float32)[None, None]
by_hand = 1 - 2 * (r * p).sum() / (r.sum() + p.sum())
same = torch.isclose(DiceLoss()(p, r), by_hand, atol=1e-4)
print("Dice loss:", "as in the formula" if same else "DIFFERENT")
try:
    train([*learned, kept[0]], quick, held_out=kept)
    print("a leak went unnoticed: WRONG")
except InputError as error:
    print("a leak is refused:", error)

# %%
few = quick.with_(steps=2)
first, second = (train(learned, few).network.state_dict() for _ in range(2))
equal = all(torch.equal(first[name], second[name]) for name in first)
print("two steps, twice:", "the same weights" if equal else "DIFFERENT weights")

# %% [markdown]
# :::{admonition} Takeaway
# :class: tip
# What a network has learned is seen on subjects it never saw, and nowhere else. Look at the loss and at the Dice: the one says how sure it is for good reason, the
# other how good its outlines are, and they need not agree.
# :::
#
# ## Exercise
#
# :::{admonition} Where does ours stop getting better?
# :class: seealso
# Take our curves from the beginning of the page. At which step is the held-out loss of each training lowest, and how much higher is it at the end? Compare with the
# preprint's 27 to 81 %. Then think: which parts of the recipe can explain a difference?
#
# The solution is folded below.
# :::

# %% tags=["hide-cell"]
rows = []
for name, curve in curves.items():
    lowest = min(curve, key=lambda row: row.held_out_loss)
    rise = 100 * (curve[-1].held_out_loss / lowest.held_out_loss - 1)
    rows.append(
        {"training": name, "lowest at step": lowest.step, "of": curve[-1].step, "rise %": rise}
    )
    rows[-1] |= {"Dice then": lowest.held_out_dice, "Dice at the end": curve[-1].held_out_dice}
table = pd.DataFrame(rows)
print(
    table.to_string(
        index=False, formatters={"rise %": "{:.0f}".format}, float_format="{:.3f}".format
    )
)
print(fill(f"rise: median {table['rise %'].median():.0f} %, most {table['rise %'].max():.0f} %"))

# %% [markdown]
# :::{dropdown} Solution in words
# In ours the held-out loss is lowest a little after half way and a few percent higher at the end, while the Dice still gains or keeps level. Ours take far fewer steps (column *of*) than the preprint's hundred epochs of 350, which makes 35,000: there is less time to learn by heart. The learning rate falls to nothing, so the last steps
# hardly move a weight; theirs stays the same. Each slice comes in more disguises; large weights are held down (weight decay); and the Dice loss does not reward being
# surer once a pixel is right. Which of these matters most only another training each would tell. A held-out loss that is noisy from row to row has a lowest point by
# chance as well: a rise of a few percent says nothing.
# :::
