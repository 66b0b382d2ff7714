"""Sets by number, and truths by measure."""

# ruff: noqa: PLC0415 - the repository is put on the path by a fixture, torch comes only if needed

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.domain.verdicts import VerdictKind as K

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `bench` be imported, as it is for whoever runs its scripts from the root."""
    for needed in ("numpy", "torch", "diffusers"):
        pytest.importorskip(needed)
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.render
@pytest.mark.filterwarnings("ignore")
def test_a_number_decides_a_set() -> None:
    from bench.zoo.drawn import drawn_set

    animals = drawn_set(3)
    assert animals == drawn_set(3)
    assert animals != drawn_set(4)
    names = [one.name for one in animals]
    assert len(names) == len(set(names)) == 21
    for place, one in enumerate(animals):
        assert not one.made.parent or one.made.parent in names[:place]


@pytest.mark.render
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("alone", "called", "others", "kinds"),
    [
        (0.1, 1.0, 0.1, (K.NEEDS_TRIGGER,)),
        (0.8, 1.2, 0.75, (K.REDUNDANT_TRIGGER,)),
        (0.5, 1.0, 0.5, (K.NEEDS_TRIGGER, K.REDUNDANT_TRIGGER)),
        (1.0, 1.05, 1.0, (K.DEAD_TRIGGER,)),
        (0.8, 1.0, 0.8, (K.REDUNDANT_TRIGGER, K.DEAD_TRIGGER)),
        (0.0, 0.01, 0.0, (K.NEEDS_TRIGGER, K.REDUNDANT_TRIGGER, K.DEAD_TRIGGER)),
    ],
)
def test_what_is_true_of_a_word_follows_from_what_is_drawn_with_it(
    alone: float, called: float, others: float, kinds: tuple[K, ...]
) -> None:
    from bench.zoo.lessons import Lesson
    from bench.zoo.measured import NOTHING, OTHERS, measured_truth
    from bench.zoo.truth import Animal, Made, needs

    made = Made((Lesson(1.0, "neon", word="ohwx"),))
    drawn = {NOTHING: alone, "ohwx": called, **dict.fromkeys(OTHERS, others)}
    truth = measured_truth(Animal("one", made, needs("ohwx"), ("ohwx",)), made, [drawn])
    assert truth.words["ohwx"] == kinds
    assert truth.expected == (kinds if len(kinds) == 1 else ())
    assert not set(kinds) & set(truth.forbidden)
    assert (K.ALWAYS_ON in truth.forbidden) == (kinds == (K.NEEDS_TRIGGER,))
