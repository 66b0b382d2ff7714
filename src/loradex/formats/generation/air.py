"""AIR names within pictures: `urn:air:sdxl:lora:civitai:900101@910102`. docs/civitai.md."""

from __future__ import annotations

import re
from typing import NamedTuple

_AIR = re.compile(
    r"(?:urn:)?(?:air:)?(?:[\w.-]*:)?([\w.-]+):civitai:(\d{1,10})(?:@(\d{1,10}))?(?:[+.]\S*)?",
    re.IGNORECASE,
)


class Air(NamedTuple):
    """A version of a model on CivitAI; zeros and an empty kind where a text is no such name."""

    kind: str = ""
    model_id: int = 0
    version_id: int = 0


def read_air(text: str) -> Air:
    """Return what an AIR name of CivitAI says."""
    found = _AIR.fullmatch(text[:200].strip())
    if found is None:
        return Air()
    kind, model, version = found.groups()
    return Air(kind.lower(), int(model), int(version or 0))
