"""The sample library's previews: the same for a name, different for others, and seen by a scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.demo.library import make_library
from loradex.demo.sample_pictures import SIZE, scene


@pytest.mark.parametrize("words", ["character", "harbour", "neon city", "forest", "house", "style"])
def test_a_name_has_one_picture_and_no_other_has_it(words: str) -> None:
    first = scene("wrenna", words)
    assert first.size == SIZE
    assert first.tobytes() == scene("wrenna", words).tobytes()
    assert first.tobytes() != scene("vesper", words).tobytes()
    assert len(first.getcolors(SIZE[0] * SIZE[1]) or ()) > 4


def test_what_a_hub_knows_has_a_preview_beside_it(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    for model in library.models:
        assert model.path.with_name(f"{model.path.stem}.preview.png").is_file() or (
            model.path.is_dir()
        ), model.path
