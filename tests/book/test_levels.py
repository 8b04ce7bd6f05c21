"""The numbers of a U-Net's levels are those of the network."""

import pytest

pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from book.drawings.levels import levels_of, pixels_seen
from vhi.training.recipe import PAPER, Recipe

pytestmark = pytest.mark.training


def test_levels_of_a_network_small_enough_to_count_by_hand():
    recipe = Recipe(filters=(4, 8), kernel=3, block=1, spacing_mm=2.0)
    fine, coarse = levels_of(recipe, 16, 24)
    # Two 3 x 3 convolutions see 5 pixels, halving 6, two more at twice the step 14.
    assert (fine.rows, fine.columns, fine.spacing_mm, fine.field_mm) == (16, 24, 2.0, 10.0)
    assert (coarse.rows, coarse.columns, coarse.spacing_mm, coarse.field_mm) == (8, 12, 4.0, 28.0)


def test_a_block_is_a_level_more():
    blocks = levels_of(Recipe(filters=(4, 8), block=2, spacing_mm=1.0), 32, 32)
    assert [level.rows for level in blocks] == [16, 8]
    assert [level.field_mm for level in blocks] == [10.0, 28.0]


def test_an_output_depends_on_more_than_its_coarsest_position_has_seen():
    recipe = PAPER.with_(filters=(4, 4, 4))
    widest = levels_of(recipe, 96, 96)[-1].field_mm / recipe.spacing_mm
    rows, columns = pixels_seen(recipe, 96, 96)
    assert rows == columns
    assert widest < rows < 96
