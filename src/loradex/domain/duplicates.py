"""Duplicates and near-duplicates: which files are how much alike, and which of them to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Alike(StrEnum):
    """In what way models are alike, strongest first."""

    SAME = "same"
    """The same bytes in several places."""
    TENSORS = "tensors"
    """The same weights with other metadata."""
    EPOCHS = "epochs"
    """One training, kept at several epochs or steps."""
    PRECISIONS = "precisions"
    """One model in several precisions, quantisations or sets of parts."""
    FORMATS = "formats"
    """One model in several containers, such as `.pt` and `.safetensors`."""
    VERSIONS = "versions"
    """Several versions of a hub's model. Told only when asked for: they are meant to differ."""

    @property
    def label(self) -> str:
        """The heading a person sees."""
        return _LABELS[self]


_LABELS: dict[Alike, str] = {
    Alike.SAME: "Same bytes in several places",
    Alike.TENSORS: "Same weights, other metadata",
    Alike.EPOCHS: "One training at several epochs",
    Alike.PRECISIONS: "One model in several precisions",
    Alike.FORMATS: "One model in several formats",
    Alike.VERSIONS: "Several versions of one model",
}

USUAL = tuple(alike for alike in Alike if alike is not Alike.VERSIONS)
"""What a report is about unless it is told otherwise."""


class Fate(StrEnum):
    """What is proposed for a file. Nothing is done by saying so."""

    KEEP = "keep"
    GO = "go"
    UNPROVEN = "unproven"
    """It looks the same, but was not read in full: nothing is proposed, and no space counted."""


@dataclass(frozen=True, slots=True)
class FileName:
    """One of the names under which a file is found."""

    library: str
    path: str
    """Absolute, as stored: pass it through `display_text`."""
    raw_path: bytes
    """The same as the bytes the disk has."""
    link: bool
    """A symbolic link is on the way to it: removing this name frees nothing."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file on disk, under all its names in the libraries: hard and symbolic links are names."""

    names: tuple[FileName, ...]
    """The one to show first."""
    size: int
    mtime: float
    """Unix time in seconds."""
    proven: bool
    """It was read in full and has not changed since."""
    frees: int
    """Bytes that removing it under all these names gives back."""
    note: str
    """Why it frees less than its size; empty when it frees all of it."""
    fate: Fate = Fate.KEEP

    def judged(self, fate: Fate) -> Copy:
        """Return the same with this fate."""
        return Copy(self.names, self.size, self.mtime, self.proven, self.frees, self.note, fate)

    @property
    def path(self) -> str:
        """The name to show, absolute."""
        return self.names[0].path

    @property
    def library(self) -> str:
        """The library of that name."""
        return self.names[0].library


@dataclass(frozen=True, slots=True)
class Yours:
    """What a person has said of a model."""

    rating: int | None = None
    favourite: bool = False
    note: bool = False
    tags: tuple[str, ...] = ()
    verdicts: int = 0
    collections: int = 0
    fields: int = 0
    """Values of a person's own fields."""

    def __bool__(self) -> bool:
        """True when there is anything."""
        return self != _NOTHING


_NOTHING = Yours()


@dataclass(frozen=True, slots=True)
class Twin:
    """A model of a group, with those of its files that the group is about."""

    content_id: int
    name: str
    kind: str
    base: str | None
    size: int
    """Bytes of one file."""
    trait: str
    """What tells it from the others: `epoch 10`, `F16`, `pickle` …; empty for the same bytes."""
    sha256: str | None
    matched: bool
    """Known to a hub."""
    yours: Yours
    copies: tuple[Copy, ...]
    keep: bool
    """It is the one that is proposed to stay."""


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Models, or files of one model, of which one would do."""

    alike: Alike
    twins: tuple[Twin, ...]
    """The one to keep first."""
    why: tuple[str, ...]
    """Why they belong together, a clause each."""
    sure: float
    """0 to 1; 1 is proven."""
    keep_because: str

    @property
    def freed(self) -> int:
        """Bytes that become free when all that is proposed to go is gone."""
        return sum(copy.frees for copy in self.copies(Fate.GO))

    @property
    def unproven(self) -> int:
        """Bytes more that might become free once it is proven that files are the same."""
        return sum(copy.frees for copy in self.copies(Fate.UNPROVEN))

    def copies(self, fate: Fate) -> Iterator[Copy]:
        """Yield the files with this fate."""
        return (copy for twin in self.twins for copy in twin.copies if copy.fate is fate)

    @property
    def at_stake(self) -> tuple[Twin, ...]:
        """Models that would go although a person has said something of them."""
        return tuple(twin for twin in self.twins if not twin.keep and twin.yours)


@dataclass(frozen=True, slots=True)
class Total:
    """All groups of one sort. `files` and `nbytes` are of what would go."""

    alike: Alike
    groups: int
    files: int
    nbytes: int
    unproven: int
    """Files that look the same but are not proven to be."""


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """Groups, those that free most first. A file goes in one group only, so sums add up."""

    groups: tuple[DuplicateGroup, ...]
    totals: tuple[Total, ...]
    """One for each sort that was asked for, strongest first."""
    unhashed: int
    """Files of the catalog that were not read in full yet."""
    unhashed_bytes: int
    links: int
    """Further names of files that were met: hard and symbolic links, which cost nothing."""
    changed: int
    """Places left out because the file is gone or another one since the last scan."""

    @property
    def freed(self) -> int:
        """Bytes that become free when all that is proposed to go is gone."""
        return sum(total.nbytes for total in self.totals)
