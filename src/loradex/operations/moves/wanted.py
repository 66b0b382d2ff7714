"""What is wanted of a plan of moves, what goes along, and why something stays."""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, replace

from loradex.catalog.plan_store import KnownPlace
from loradex.domain.plans import OUTSIDE, Action, LinkKind, Place, Stamp, Step
from loradex.formats.shards import shard_name
from loradex.operations.moves.copying import stamp_of
from loradex.operations.moves.on_disk import sentence


class Stays(Exception):
    """A model cannot go to its place; the message is a sentence.

    `taken_by` is the path of the file that has its name, where that is the reason.
    """

    def __init__(self, message: str, taken_by: bytes | None = None) -> None:
        super().__init__(message)
        self.taken_by = taken_by


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model file that is to go to another place, or into the trash. `undoes` as in `Step`."""

    known: KnownPlace
    target: Place
    undoes: int | None = None
    action: Action = Action.MOVE
    """MOVE, or TRASH with a slot of a trash folder as the target."""
    kept: KnownPlace | None = None
    """Of a file in the trash: another one with the same bytes, without which it stays."""
    link: LinkKind | None = None
    """What is left in the place of such a file: a link to the one that is kept. Its sidecars, which
    go by the name, then stay."""
    links: tuple[KnownPlace, ...] = ()
    """Symbolic links that lead to it: they are made to lead to where it goes, or to the one that is
    kept, or go with it into nothing."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A file that is no model, by itself: a sidecar without its model, say."""

    source: Place
    target: Place
    action: Action = Action.MOVE


@dataclass(frozen=True, slots=True)
class Extra:
    """A file that goes with a model whatever it is called: a sidecar that is brought back."""

    source: Place
    target: Place
    undoes: int | None = None


def extra_step(extra: Extra) -> Step:
    """Return the step that takes a file along; raise `Stays` when it is not there."""
    return Step(
        Action.RESTORE if extra.source.library_id == OUTSIDE else Action.MOVE,
        0,
        extra.target,
        source=extra.source,
        stamp=regular_stamp(extra.source),
        temporary=temporary_name(),
        undoes=extra.undoes,
    )


def regular_stamp(place: Place) -> Stamp:
    """Return a plain file as it is now; raise `Stays` for anything else."""
    try:
        info = os.lstat(place.path)
    except OSError as error:
        raise Stays(f"{place.shown}: {sentence(error)}") from error
    if not stat.S_ISREG(info.st_mode):
        raise Stays(f"{place.shown}, which belongs to it, is no plain file.")
    return stamp_of(info)


def sibling(place: Place, name: bytes) -> Place:
    """Return the place of another name in the same folder."""
    folder = place.relative.rpartition(b"/")[0]
    return replace(place, relative=folder + b"/" + name if folder else name)


def other_shards(name: str, new_name: str) -> list[tuple[str, str]]:
    """Return the names of a model's other shards, before and after; raise when one is lost so."""
    shard = shard_name(name)
    if shard is None:
        return []
    renamed = shard_name(new_name)
    if renamed is None or (renamed.number, renamed.of) != (shard.number, shard.of):
        raise Stays("It is one of several files of a model: its new name has to say so, too.")
    numbers = [number for number in range(1, shard.of + 1) if number != shard.number]
    return [(shard.sibling(number), renamed.sibling(number)) for number in numbers]


def temporary_name() -> str:
    """Return a name that no other plan uses, and that scans take for an unfinished download."""
    return f".loradex-{secrets.token_hex(8)}.part"
