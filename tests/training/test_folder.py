import pytest

pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from vhi.training.folder import sessions
from vhi.training.recipe import PAPER

pytestmark = pytest.mark.training


def test_sessions_keep_the_steps_that_were_kept_and_no_more():
    def after(earlier, done):
        return [each["from_step"] for each in sessions(earlier, PAPER, "cpu", done=done, steps=9)]

    earlier = {"sittings": [{"from_step": 0}, {"from_step": 4}]}
    assert after({}, 0) == [0]
    assert after(earlier, 7) == [0, 4, 7]
    assert after(earlier, 4) == [0, 4]  # nothing of the second was kept
    assert after(earlier, 9) == [0, 4]  # nothing is left to do
