"""What a tagger sees of a model, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.kinds import BaseModel, ModelKind


@dataclass(frozen=True, slots=True)
class TaggerInput:
    """One model as a tagger sees it. All text comes from files and hubs, and is not to be trusted.

    The fields from `derivative` on came with API 1.2.
    """

    file_name: str
    """Name with its suffix, without folders."""
    folder: str
    """Folder inside the library, `/` between parts; empty for the library's root."""
    kind: ModelKind
    base: BaseModel | None
    """None when it cannot be told."""
    tag_counts: tuple[tuple[str, int], ...] = ()
    """Captions the model was trained on and how often, most frequent first, at most 50."""
    derivative: str | None = None
    """What of the base it is made for: `pony`, `illustrious`, `lightning` …"""
    hub_name: str = ""
    """What a hub calls the model; empty for one that no hub knows, as are the next two."""
    hub_type: str = ""
    """The hub's word for what it is, as it has it: `LORA`, `LoCon`, `Poses` …"""
    hub_tags: tuple[str, ...] = ()
    training_folders: tuple[str, ...] = ()
    """Names of the folders with training pictures, without their repeats: `ohwx woman`."""
    content_level: int | None = None
    """The hub's bits: 1 PG, 2 PG-13, 4 R, 8 X, 16 XXX; None when nobody rated it."""


@dataclass(frozen=True, slots=True)
class TagProposal:
    """A tag that fits a model. A tag that a person set or removed always wins over it."""

    tag: str
    """One to 100 characters on one line, without commas."""
    confidence: float
    """0 to 1: how often a person would agree."""
    reason: str
    """One sentence that a person can check."""
