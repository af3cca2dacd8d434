"""Sources with segment-wise variances: two models, and an estimator for the linear one."""

from segmented.estimator import unmix
from segmented.models import linear, network

__all__ = ["linear", "network", "unmix"]
