"""Means with their intervals over few pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from loradex.domain.probing import Interval

_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom."""
_Z_95 = 1.960


def t_interval(values: Sequence[float]) -> Interval:
    """Return the mean of paired values and Student's 95 % interval of it.

    Numbers that are not finite are left out. Of one value nothing is known but itself: its
    interval is open to both sides. Raises `ValueError` without any value.
    """
    finite = [float(value) for value in values if math.isfinite(value)]
    if not finite:
        raise ValueError("an interval of no values")
    count = len(finite)
    mean = math.fsum(finite) / count
    if count == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    variance = math.fsum((value - mean) ** 2 for value in finite) / (count - 1)
    half = quantile(count - 1) * math.sqrt(variance / count)
    return Interval(mean, mean - half, mean + half, count)


def quantile(freedom: int) -> float:
    """Return how many standard errors a 95 % interval reaches to either side."""
    return _T_95[freedom - 1] if freedom <= len(_T_95) else _Z_95


def jackknifed(whole: float, without_each: Sequence[float]) -> Interval:
    """Return an estimate with the jackknife's 95 % interval (Quenouille 1956, Tukey 1958).

    `whole` is the estimate from all pairs, `without_each` the same without each pair in turn.
    """
    count = len(without_each)
    if count < 2 or not all(math.isfinite(value) for value in (whole, *without_each)):
        return Interval(whole, -math.inf, math.inf, count)
    mean = math.fsum(without_each) / count
    variance = (count - 1) / count * math.fsum((value - mean) ** 2 for value in without_each)
    half = quantile(count - 1) * math.sqrt(variance)
    return Interval(whole, whole - half, whole + half, count)
