"""Intervals of few values."""

import math

import pytest

from loradex.domain.probing import Interval
from loradex.probe.statistics import jackknifed, quantile, t_interval


def test_the_interval_is_students() -> None:
    # By hand: mean 3, variance 2.5, standard error sqrt(0.5), t(4) = 2.776.
    found = t_interval([1, 2, 3, 4, 5])
    assert found.mean == 3
    assert found.high - 3 == pytest.approx(2.776 * math.sqrt(0.5))
    assert 3 - found.low == pytest.approx(found.high - 3)
    assert found.pairs == 5


def test_of_one_value_nothing_is_known_but_itself() -> None:
    assert t_interval([0.4]) == Interval(0.4, -math.inf, math.inf, 1)


def test_what_is_not_finite_is_left_out() -> None:
    assert t_interval([1.0, math.nan, 3.0, math.inf]).pairs == 2


@pytest.mark.parametrize("values", [[], [math.nan]])
def test_no_values_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no values"):
        t_interval(values)


def test_the_jackknife_of_a_mean_is_students_interval() -> None:
    values = [0.3, 0.9, 0.1, 0.5, 0.7, 0.2]
    without = [sum(values[:n] + values[n + 1 :]) / (len(values) - 1) for n in range(len(values))]
    found, known = jackknifed(sum(values) / len(values), without), t_interval(values)
    assert found.low == pytest.approx(known.low)
    assert found.high == pytest.approx(known.high)


@pytest.mark.parametrize("without", [[0.5], [0.5, math.nan, 0.4]])
def test_a_jackknife_without_enough_is_open(without: list[float]) -> None:
    found = jackknifed(0.5, without)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_many_values_come_near_the_normal_distribution() -> None:
    assert quantile(1) > quantile(3) > quantile(30) > quantile(31) == pytest.approx(1.96)
