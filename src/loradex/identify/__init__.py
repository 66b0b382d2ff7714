"""Tell what a header belongs to. Pure: a header in, an identity with its reasons out."""

from __future__ import annotations

from loradex.domain.header import Header
from loradex.domain.identity import Identity
from loradex.identify.decide import decide

__all__ = ["identify"]


def identify(header: Header, *, file_name: str = "") -> Identity:
    """Return what a file is, from names, shapes, dtypes and metadata alone.

    Tensors decide kind and base; metadata chooses among what they allow; `file_name` may only
    hint at the SDXL derivative. A field that cannot be told is None, with `candidates` for the
    base and a reason. Any names, shapes and metadata are accepted: nothing is raised.
    """
    return decide(header, file_name)
