"""How many models a plan is about, where some of them have several files."""

from __future__ import annotations

import pytest

from loradex.domain.plans import models_text


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ([7], "1 model"),
        ([7, 8, None, None], "4 models"),
        ([7, 7, 8, 8], "4 files of 2 models"),
        ([7, 7], "2 files of 1 model"),
    ],
)
def test_models_are_counted_once(contents: list[int | None], told: str) -> None:
    assert models_text(contents) == told
