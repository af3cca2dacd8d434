"""Does the theory cover our models?"""

import pytest
from segmented.models import VARIANCES, linear, prior

from ivae_theory import Model
from ivae_theory.testing import assert_identifiable


@pytest.mark.identifiable(goal="permutation")
def test_sources_are_identified_up_to_scale_and_order(ivae_model):
    assert ivae_model.n == 3


def test_three_segments_are_too_few():
    model = linear()
    fewer = Model(prior(VARIANCES[:3]), noise=model.noise, mixing=model.mixing)
    with pytest.raises(AssertionError, match=r"theorem1\.iii: FAILS"):
        assert_identifiable(fewer)
