"""Which verdicts of a manifest come in: a person's word here is never replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loradex.domain.manifest import ToldVerdict
from loradex.domain.verdicts import VerdictSource

_Told = tuple[ToldVerdict, ...]


def new_verdicts(theirs: _Told, mine: _Told, origin: str) -> _Told:
    """Return what comes in, each marked with where it is from.

    A person's verdict does where nobody here said anything; a probe's where none was made here on
    that checkpoint, and none from elsewhere that is as new.
    """
    coming: list[ToldVerdict] = []
    for verdict in theirs:
        if not any(_same(verdict, other) for other in coming) and _wanted(verdict, mine):
            coming.append(replace(verdict, origin=verdict.origin or origin))
    return tuple(coming)


def with_new(mine: _Told, new: _Told) -> _Told:
    """Return what is said once these came in."""
    return (*new, *(one for one in mine if not any(_same(one, other) for other in new)))


def says_otherwise(theirs: _Told, mine: _Told) -> bool:
    """Tell whether the person here says something else than the one there."""
    own = _of_person(mine)
    return bool(own) and any(_gist(one) not in map(_gist, own) for one in _of_person(theirs))


def _wanted(verdict: ToldVerdict, mine: Sequence[ToldVerdict]) -> bool:
    if verdict.source is VerdictSource.PERSON:
        return not _of_person(mine)
    here = next((one for one in mine if _same(verdict, one)), None)
    return here is None or (bool(here.origin) and here.created_at < verdict.created_at)


def _same(one: ToldVerdict, other: ToldVerdict) -> bool:
    """Tell whether two verdicts are of one source, on one checkpoint."""
    if one.source is not other.source:
        return False
    if one.checkpoint_sha256 and other.checkpoint_sha256:
        return one.checkpoint_sha256 == other.checkpoint_sha256
    return one.checkpoint == other.checkpoint


def _of_person(verdicts: Sequence[ToldVerdict]) -> list[ToldVerdict]:
    return [one for one in verdicts if one.source is VerdictSource.PERSON]


def _gist(verdict: ToldVerdict) -> object:
    return verdict.findings, verdict.dismissed
