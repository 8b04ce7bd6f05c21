"""Pages run on cases without masks, and say so."""

from dataclasses import replace

import numpy as np
import pytest

import vhi
from book.drawings.missing_masks import with_masks
from vhi.images.image import Image


@pytest.fixture
def networks(monkeypatch, tiny_case):
    """Let the case's own masks be what the networks predict; list which were asked for."""
    asked = []
    masks = {
        area: vhi.load_mask(getattr(tiny_case, area)) for area in ("normal_bone", "disease_region")
    }

    class Areas:
        def __init__(self, **given):
            asked.append({area for area, path in given.items() if path is None})

        def __getattr__(self, area):
            return type("Area", (), {"mask": masks[area]})

    monkeypatch.setattr(vhi, "find_areas", lambda scans, **given: Areas(**given))
    return asked


def test_cases_with_masks_are_left_as_they_are(tiny_case, capsys):
    assert with_masks([tiny_case, tiny_case]) == [tiny_case, tiny_case]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("missing", [("normal_bone",), ("normal_bone", "disease_region")])
def test_a_missing_mask_is_the_networks_and_is_named_once(tiny_case, networks, capsys, missing):
    bare = replace(tiny_case, case=f"bare {len(missing)}", **dict.fromkeys(missing))
    for _ in range(2):
        (case,) = with_masks([bare])
    for area in missing:
        mask = vhi.load_mask(getattr(case, area))
        assert isinstance(mask, Image)
        np.testing.assert_array_equal(mask.array, vhi.load_mask(getattr(tiny_case, area)).array)
    assert networks == [set(missing)]
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("mask of a network") == 1 and f"bare {len(missing)}" in text
    assert all(area in text for area in missing)
