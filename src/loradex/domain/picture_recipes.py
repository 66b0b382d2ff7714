"""Recipes as the catalog keeps them: pictures, the models they used, and what that adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loradex.domain.generation import Generation, ModelRole


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture file that was read, and what it tells; no generation where it tells nothing.

    `raw_path` is absolute, as the disk has it. A file that tells of several pictures (a hub's
    answer) gives several of these, whose paths end in `#2`, `#3` ….
    """

    raw_path: bytes
    size: int
    mtime_ns: int
    generation: Generation | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model of a recipe: what the picture calls it, and which model of the library that is."""

    role: ModelRole
    name: str
    hash: str
    version_id: int
    model_id: int
    strength: float | None
    strength_clip: float | None
    content_id: int | None
    """None when the library has no such model."""
    content_name: str | None
    matched_by: str
    """By what it was recognised (`sha256`, `autov3`, `version`, `file name` …), or why not:
    `ambiguous`, `other bytes`, `none`."""
    confidence: float
    candidates: tuple[int, ...]
    """Models that it may be, where that is not sure."""


@dataclass(frozen=True, slots=True)
class RecipeRecord:
    """A picture and its recipe."""

    id: int
    path: str
    tool: str
    made_at: float
    own: bool
    prompt: str
    negative_prompt: str
    settings: Mapping[str, str]
    problem: str | None
    models: tuple[UsedModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Uses:
    """In how many pictures a model was used, when, and at which strengths."""

    pictures: int
    first: float
    last: float
    strength_low: float | None
    strength_high: float | None


@dataclass(frozen=True, slots=True)
class MissingModel:
    """A model that recipes name and the library has not got, or has no more.

    `sources` are versions on a hub that this is, by their hash or number: from what was asked
    before.
    """

    role: ModelRole
    name: str
    hash: str
    version_id: int
    model_id: int
    why: str
    """`unknown`, `ambiguous`, `other bytes`, or `gone`: it was here once."""
    candidates: tuple[int, ...]
    pictures: int
    last: float
    strength_low: float | None
    strength_high: float | None
    sources: tuple[HubPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A version on a hub that has a file."""

    hub: str
    model_id: int
    version_id: int
    model_name: str
    version_name: str
    air: str | None
    known_by: str
    """`hash`, `version` or `name`: the last is a guess."""
    gone: bool = False
