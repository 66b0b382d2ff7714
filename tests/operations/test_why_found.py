"""A model that is found says why, when its name does not."""

from __future__ import annotations

import pytest

from loradex.domain.models import ModelRow
from loradex.operations.why_found import why_found

ROW = ModelRow(
    1, "Alley at night", "neon_v2.safetensors", "lora", "sdxl", None, 1, "present", 1, None, False,
    ("city",), ("glowing alleyn", "sign"), False, None, 0.0, "/m/styles/neon_v2.safetensors", None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", ""),
        ("night", ""),
        ("NIGHT kind:lora", ""),
        ("glow", "word glowing alleyn"),
        ("glow cit", "word glowing alleyn, tag city"),
        ("neon", "file neon_v2.safetensors"),
        ("styles", "path /m/styles/neon_v2.safetensors"),
        ('"a b"', "note or the hub's words"),
        ("zzz , sign", "word sign"),
        ("zzz -night", "note or the hub's words"),
        ("NOT zzz", ""),
        ('"open', ""),
        ("sig*", "word sign"),
    ],
)
def test_why_a_model_is_found(query: str, why: str) -> None:
    assert why_found(query, ROW) == why
