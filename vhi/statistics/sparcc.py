"""The SPARCC score of bone marrow oedema at the sacroiliac joints, from a reader's marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLICES = 6
"""Consecutive slices through the cartilaginous part of the joints that are scored."""
JOINTS = ("right", "left")
QUADRANTS = ("upper_iliac", "lower_iliac", "upper_sacral", "lower_sacral")
"""Of each joint in each slice."""

MAX_QUADRANTS = SLICES * len(JOINTS) * len(QUADRANTS)  # 48
MAX_DEEP = MAX_INTENSE = SLICES * len(JOINTS)  # 12 each
MAX_TOTAL = MAX_QUADRANTS + MAX_DEEP + MAX_INTENSE  # 72


@dataclass(frozen=True)
class SparccScore:
    """A SPARCC score: its three parts, and their `total`.

    `quadrants` counts those with oedema, 0–48; `deep` and `intense` count joints, slice by slice,
    with oedema that is deep (about 10 mm, see `sparcc_score`) or as bright as cerebrospinal fluid,
    0–12 each.
    """

    quadrants: int
    deep: int
    intense: int

    @property
    def total(self) -> int:
        """The score, 0–72."""
        return self.quadrants + self.deep + self.intense


def sparcc_score(
    oedema: NDArray[np.bool_], deep: NDArray[np.bool_], intense: NDArray[np.bool_]
) -> SparccScore:
    """Add up a reader's marks in one scan.

    Each quadrant with oedema counts 1, and each joint of each slice 1 more where its oedema is
    deep and 1 more where it is intense: 48 + 12 + 12 = 72. The score stops growing where every
    quadrant has some oedema, and equal steps are not equal amounts.

    Parameters
    ----------
    oedema
        Boolean, shape (6 slices, 2 joints, 4 quadrants), in the order of :data:`JOINTS` and
        :data:`QUADRANTS`.
    deep, intense
        Boolean, shape (6 slices, 2 joints).

    Returns
    -------
    SparccScore

    Raises
    ------
    ValueError
        An array is not boolean or has another shape, or depth or intensity is marked where that
        joint has no oedema in that slice.

    Notes
    -----
    The reader says what is deep. The preprint prints "more than 10 mm"; the index is described as
    1 cm from the joint's surface (spa-imaging.org, Grading of sacroiliitis), where the stored text
    shows no sign before the 1, so whether exactly 1 cm counts is open here: its own text (below)
    was not available.

    The preprint gives the marks for depth and intensity to each quadrant (section 2.6), which
    would total 144; the index, and the preprint's own total of 72, have them once for each joint
    and slice.

    References
    ----------
    Maksymowych et al. 2005, Arthritis Care and Research 53:703.

    Examples
    --------
    One joint with oedema of two quadrants, deep, in one slice:

    >>> oedema, deep = np.zeros((6, 2, 4), bool), np.zeros((6, 2), bool)
    >>> oedema[2, 0, :2] = deep[2, 0] = True
    >>> sparcc_score(oedema, deep, np.zeros((6, 2), bool)).total
    3
    """
    joints = (SLICES, len(JOINTS))
    for name, array, shape in (
        ("oedema", oedema, (*joints, len(QUADRANTS))),
        ("deep", deep, joints),
        ("intense", intense, joints),
    ):
        if np.asarray(array).dtype != bool or np.shape(array) != shape:
            raise ValueError(
                f"{name} must be a boolean array of shape {shape}: six slices, two joints; got "
                f"{np.asarray(array).dtype} of shape {np.shape(array)}"
            )
    without = ~oedema.any(axis=2)
    for name, array in (("deep", deep), ("intense", intense)):
        if (array & without).any():
            place, joint = np.argwhere(array & without)[0]
            raise ValueError(
                f"{name} is ticked in slice {place + 1} of 6, {JOINTS[joint]} joint, where no "
                "quadrant has oedema; tick the quadrant or clear it"
            )
    return SparccScore(*(int(np.count_nonzero(array)) for array in (oedema, deep, intense)))
