"""Quantiles of the beta distribution, which the "Beta" schedule is made of, without scipy."""

from __future__ import annotations

import math

_TINY = 1e-300
_HALVINGS = 60


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return x in 0..1 below which `share` (0..1) of the beta distribution (a, b) lies."""
    if share <= 0 or share >= 1:
        return float(share >= 1)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _below(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b).

    By its continued fraction (NIST DLMF 8.17.22), evaluated from the front after Lentz, on the
    side where it converges quickly.
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - _below(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x)
    log_front += math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    total, c, d = 1.0, 1.0, 0.0
    for step in range(200):
        m = step // 2
        if step == 0:
            numerator = 1.0
        elif step % 2 == 0:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + numerator * d or _TINY)
        c = 1 + numerator / c or _TINY
        total *= c * d
        if abs(1 - c * d) < 1e-15:
            break
    return math.exp(log_front) * (total - 1) / a
