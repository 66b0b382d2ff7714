"""What would be downloaded: the files, where each goes, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from loradex.domain.downloads import NewDownload
from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.kinds import ModelKind
from loradex.domain.progress import Problem
from loradex.operations.downloads.choosing import Wishes


class Verdict(StrEnum):
    """What becomes of a file that was asked for."""

    GET = "get"
    OWNED = "owned"
    """Its bytes are in a library already."""
    QUEUED = "queued"
    """It is in the download queue already."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """What a person says about downloads beside naming them. None and "" ask for the usual."""

    wishes: Wishes = field(default_factory=Wishes)
    library: str | None = None
    folders: str | None = None
    """Template of the folders below the one for the kind."""
    kind: ModelKind | None = None
    """What the files are for, where the hub does not say."""
    accept_danger: bool = False
    again: bool = False
    """Fetch what is owned already as well."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of a hub, and what becomes of it."""

    verdict: Verdict
    hub: str
    model: HubModel
    version: HubVersion
    file: HubFile
    kind: ModelKind | None
    reason: str = ""
    """A sentence; may hold untrusted text. Empty for what is simply fetched."""
    hint: str | None = None
    new: NewDownload | None = None
    """What goes into the queue; None unless the verdict is GET."""
    content_id: int | None = None
    """The model that holds these bytes, for what is owned."""
    download_id: int | None = None
    """The download that fetches it, for what is queued."""


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """The room on one disk, in bytes. `waiting` is for what the queue will still bring there."""

    shown: str
    """A folder on it; safe to print."""
    needed: int
    waiting: int
    free: int

    @property
    def lacking(self) -> int:
        """Bytes that are missing, margin included; 0 when there is room for all of it."""
        return max(self.needed + self.waiting - self.free, 0)


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """All that was asked for."""

    files: tuple[PlannedFile, ...]
    problems: tuple[Problem, ...]
    """References that name nothing that can be downloaded."""
    notes: tuple[str, ...]
    """What a person should know of the choice: newer versions that were passed over."""
    rooms: tuple[DiskRoom, ...]

    def of(self, verdict: Verdict) -> list[PlannedFile]:
        """Return the files with this verdict."""
        return [file for file in self.files if file.verdict is verdict]

    @property
    def nbytes(self) -> int:
        """The bytes of what is to be fetched, as far as the hub tells sizes."""
        return sum(file.file.size_bytes or 0 for file in self.of(Verdict.GET))
