"""Does our estimator recover the sources?"""

import numpy as np
from segmented import linear, unmix

from ivae_theory.testing import assert_scaled_permutation


def test_the_estimator_recovers_the_sources():
    u = np.repeat(np.arange(4), 2000)
    z, x = linear().sample(u, seed=1)
    recovery = assert_scaled_permutation(z, unmix(x, u), statistics="z**2", u=u)
    assert sorted(recovery.permutation) == [0, 1, 2]
