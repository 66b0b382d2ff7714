"""Kinds and architectures by the names that people know."""

from __future__ import annotations

from collections.abc import Iterable

from loradex.domain.kinds import BaseModel, ModelKind


def kind_label(kind: str) -> str:
    """Return the label of a kind's id; an id of nobody's stays as it is."""
    if kind == ModelKind.UNKNOWN:
        return "Unknown kind"
    return ModelKind(kind).label if kind in set(ModelKind) else kind


def base_label(base: str) -> str:
    """Return the label of an architecture's id; an id of nobody's stays as it is."""
    return BaseModel(base).label if base in set(BaseModel) else base


def unknown_base(candidates: Iterable[str]) -> str:
    """Return that the architecture is unknown, and which it may be."""
    labels = " or ".join(base_label(base) for base in candidates)
    return f"base unknown, could be {labels}" if labels else "base unknown"
