"""Tables that follow from the preprint's printed counts."""

import pytest

from vhi.papers.ledger import printed_responses


def test_printed_counts_give_the_printed_agreements():
    tables = printed_responses()
    vhi, sparcc = tables["clinical", "vhi-fall"], tables["clinical", "sparcc-fall"]
    assert (vhi.agreement.count, vhi.n) == (15, 29)
    assert (sparcc.agreement.count, sparcc.n, sparcc.dropped) == (18, 28, 1)
    assert vhi.kappa.value == pytest.approx(-0.005, abs=0.0005)
    both = tables["vhi-fall", "sparcc-fall"]
    assert (both.both, both.first_only, both.second_only, both.neither) == (14, 5, 4, 5)
    assert both.agreement.count == 19 and both.dropped == 1
