"""Networks of two levels that were never trained: what they find is arbitrary, but never nothing.

They show what every network here must hold: the same mask in any order of axes, on any number of
threads, through the same files as the shipped ones.
"""

from __future__ import annotations

import numpy as np

from tests.helpers.scans import oblique_affine
from vhi.images.image import Image
from vhi.segmentation.tasks import DISEASE_REGION, NORMAL_BONE
from vhi.training.recipe import Recipe

RECIPES = {
    "default": Recipe(task=DISEASE_REGION, filters=(4, 6), block=2, spacing_mm=0.6),
    "normal-bone": Recipe(task=NORMAL_BONE, filters=(4, 6), block=1, spacing_mm=0.6),
}
WARNING = {"weights": {"disagreement": 1.0, "holes": 0.0}, "threshold": 0.0}
"""Every slice whose mirror image gets another answer needs a look."""


def small_members(recipe, count=2):
    """Return networks whose answer is about half above, half below the cutoff."""
    import torch

    from vhi.models.unet import UNet

    members = []
    for seed in range(count):
        torch.manual_seed(seed)
        member = UNet(len(recipe.channels), recipe.filters, recipe.kernel, recipe.block)
        scans = torch.rand(4, len(recipe.channels), 64, 64) ** 2
        member.train()
        with torch.no_grad():
            for _ in range(30):
                member(scans)
            member.eval()
            # Half of all pixels are found, few of them close to the cutoff.
            member.answer.bias -= member(scans).median()
            member.answer.weight *= 10
            member.answer.bias *= 10
        members.append(member)
    return members


def save_small_networks(folder):
    """Write the small networks as if they were shipped in `folder`; return it."""
    from vhi.training.export import save_network

    for name, recipe in RECIPES.items():
        save_network(
            folder / name,
            small_members(recipe),
            recipe,
            name=name,
            trained_on=["nobody"],
            warning=WARNING if name == "default" else None,
        )
    return folder


def blobs(seed=0, shape=(244, 250, 4), spacing_mm=(0.6, 0.6, 3.3)):
    """Return a scan of smooth blobs, large enough to be taken for a pelvis."""
    from scipy import ndimage

    noise = np.random.default_rng(seed).standard_normal(shape)
    smooth = ndimage.gaussian_filter(noise, (3, 3, 0))
    array = np.round(1000 * np.exp(smooth / smooth.std()))
    return Image(array, oblique_affine(spacing_mm), f"scan{seed}.nii.gz")
