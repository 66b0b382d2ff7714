"""What a tagger sees of a model, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.kinds import BaseModel, ModelKind


@dataclass(frozen=True, slots=True)
class TaggerInput:
    """One model as a tagger sees it. All text comes from files and is not to be trusted."""

    file_name: str
    """Name with its suffix, without folders."""
    folder: str
    """Folder inside the library, `/` between parts; empty for the library's root."""
    kind: ModelKind
    base: BaseModel | None
    """None when it cannot be told."""
    tag_counts: tuple[tuple[str, int], ...] = ()
    """Captions the model was trained on and how often, most frequent first."""


@dataclass(frozen=True, slots=True)
class TagProposal:
    """A tag that fits a model. A tag that a person set or removed always wins over it."""

    tag: str
    """One to 100 characters on one line, without commas."""
    confidence: float
    """0 to 1: how often a person would agree."""
    reason: str
    """One sentence that a person can check."""
