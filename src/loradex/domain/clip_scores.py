"""What is asked of an image tower about a probe's pictures, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipPicture:
    """One picture to score.

    `base` is the place in the list of the picture to compare it with, None for none. Pictures of
    one `group` differ in their seed alone.
    """

    path: str
    prompt: str
    base: int | None
    group: int


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Pictures to score, and what to score them with; all paths are texts, as JSON has them.

    `tower` is a folder or file with an image tower. `texts` are folders and files in which its
    text half may be, `tokenizers` folders with CLIP's. `references` are a person's pictures.
    `device` is `auto`, `cpu`, `cuda` or `cuda:N`.
    """

    tower: str
    pictures: tuple[ClipPicture, ...]
    references: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    tokenizers: tuple[str, ...] = ()
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class ClipScore:
    """Cosines of one picture, from -1 to 1; None where there is nothing to compare with.

    `base`: with the picture it is to be compared with. `references`: with the person's pictures,
    on average. `seeds`: with the others of its group, on average. `prompt`: with its own prompt.
    """

    base: float | None
    references: float | None
    seeds: float | None
    prompt: float | None


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """The scores of a request's pictures in their order, and by which tower.

    `has_text` tells whether a text half of the tower's width was found.
    """

    tower: str
    has_text: bool
    scores: tuple[ClipScore, ...]
