"""Changes to a person's files: what is to be done, what was done, and what stands in the way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from loradex.domain.text import display_text


class PlanState(StrEnum):
    """How far a plan is."""

    PLANNED = "planned"
    """Kept, and nothing of it was done."""
    APPLYING = "applying"
    """Under way; found so at the start of a program, it was cut off."""
    STOPPED = "stopped"
    """Some steps are done, and some were not begun."""
    APPLIED = "applied"
    """Every step was done, or failed."""
    UNDONE = "undone"
    """All that it had moved was brought back."""
    DISCARDED = "discarded"
    """Deleted by a person before anything of it was done; its steps are gone."""


class StepState(StrEnum):
    """How far one step is."""

    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"
    """Not done; the step's reason says why. The file is where it was."""
    UNNEEDED = "unneeded"
    """There was nothing to do: the folder was there, or is not empty."""
    UNDONE = "undone"
    """Done, and taken back by another plan."""
    EMPTIED = "emptied"
    """Done, and the file was deleted from the trash since: nothing brings it back."""


class Action(StrEnum):
    """What a step does."""

    MOVE = "move"
    MAKE_FOLDER = "make folder"
    REMOVE_FOLDER = "remove folder"
    """Only when it is empty."""
    TRASH = "trash"
    """Into a trash folder on the same disk; the target is its place there."""
    RESTORE = "restore"
    """Out of a trash folder, which is the source."""
    LINK = "link"
    """A link is made at the target that leads to the source."""
    UNLINK = "unlink"
    """The link at the target, which leads to the source, is taken away."""


class LinkKind(StrEnum):
    """How a link leads to a file."""

    HARD = "hard"
    """A second name of the file, on the same disk."""
    SYMBOLIC = "symbolic"
    """A small file that holds the path."""


OUTSIDE = 0
"""The library of a place that is in none: a trash folder."""

FILE_ACTIONS = (Action.MOVE, Action.TRASH, Action.RESTORE)
"""Actions after which a file lies elsewhere; what lists of plans count."""


def _text(raw: bytes) -> str:
    """Return a path as Python has it: bytes that are no UTF-8 become lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Place:
    """A path below a library's root, in the bytes the disk has.

    In a trash folder (`library_id` is `OUTSIDE`) the root is the folder that holds the files.
    """

    library_id: int
    root: bytes
    relative: bytes

    @property
    def path(self) -> bytes:
        """The absolute path."""
        return self.root + b"/" + self.relative

    @property
    def folder(self) -> bytes:
        """The absolute path of the folder it lies in."""
        return self.path.rpartition(b"/")[0]

    @property
    def name(self) -> bytes:
        """The last part."""
        return self.relative.rpartition(b"/")[2]

    @property
    def shown(self) -> str:
        """The absolute path as a person may see it."""
        return display_text(_text(self.path))

    @property
    def name_shown(self) -> str:
        """The last part as a person may see it."""
        return display_text(_text(self.name))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file is the one that was looked at. `size` is in bytes."""

    size: int
    mtime_ns: int
    device: int
    inode: int
    folder: bool = False
    """It is a folder (a diffusers model): its size and time are those of what is inside."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change. Steps of one `group` (a model and what belongs to it) end together."""

    action: Action
    group: int
    target: Place
    """Where the file goes; for a folder, the folder."""
    source: Place | None = None
    """Where the file is; None for a folder."""
    stamp: Stamp | None = None
    """The file as it was when this was planned; None for a folder."""
    file_id: int | None = None
    """The catalog's row of the file; None for a sidecar or a folder."""
    content_id: int | None = None
    sha256: str | None = None
    """The digest of its bytes, where they were read in full before."""
    temporary: str = ""
    """Name in the target's folder under which a copy is made, or a change of case goes through."""
    undoes: int | None = None
    """The journal's number of the step that this one takes back."""
    same_as: Place | None = None
    """The file goes only while this one holds the same bytes, which is looked at right before."""
    link: LinkKind | None = None
    """Of a link: its kind."""
    link_text: str = ""
    """Of a symbolic link: what it says, as Python has it."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that stays where it is, and why."""

    source: Place
    reason: str
    """A sentence."""
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class MovePlan:
    """Steps that can be shown before they are done, and what cannot be done."""

    kind: str
    note: str
    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def moves(self) -> tuple[Step, ...]:
        """The steps after which a file lies elsewhere."""
        return tuple(step for step in self.steps if step.action in FILE_ACTIONS)


@dataclass(frozen=True, slots=True)
class JournalStep:
    """A step as the journal has it."""

    id: int
    step: Step
    state: StepState
    reason: str = ""
    result: Stamp | None = None
    """The file after it was moved; None before, and for a folder."""
    changed_at: float = 0.0
    """When it got its state (Unix time)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one journaled step ended."""

    step_id: int
    state: StepState
    reason: str = ""
    result: Stamp | None = None


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in a list. Times are Unix seconds; counts are of moved files, sidecars included."""

    id: int
    kind: str
    state: PlanState
    note: str
    created_at: float
    applied_at: float | None
    undone_at: float | None
    """When any of it was last taken back; None while nothing is."""
    done: int
    """Files that are where this plan put them, as far as the journal knows."""
    failed: int
    undone: int
    planned: int
    stays: int = 0
    """Files that it leaves where they are, as it was drawn up."""
    emptied: int = 0
    """Files that were deleted from the trash since."""


def deed_of(step: Step, link: Step | None, crosses: bool) -> str:
    """Return what a step does in a word: `move`, `rename`, `copy`, `trash`, `hard link` …"""
    if link is not None:
        return "hard link" if link.link is LinkKind.HARD else "link"
    if step.action is Action.TRASH:
        return "trash"
    if step.action is Action.RESTORE:
        return "restore"
    if crosses:
        return "copy"
    return "rename" if step.source and step.source.folder == step.target.folder else "move"


def models_text(contents: Collection[int | None]) -> str:
    """Return `5 models`, or `7 files of 5 models` where some are there more than once.

    `contents` has one entry for each model file; None for one that nobody has looked into.
    """
    known = [each for each in contents if each is not None]
    models = len(set(known)) + len(contents) - len(known)
    text = f"{models:,} {'model' if models == 1 else 'models'}"
    return text if models == len(contents) else f"{len(contents):,} files of {text}"
