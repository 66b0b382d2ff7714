"""What sidecars say beside what the catalog has, field by field; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_store import Standing
from loradex.domain.evidence import Source
from loradex.domain.tags import fold_tag
from loradex.operations.sidecars.judging import SidecarState
from loradex.operations.sidecars.reading import ReadSidecar
from loradex.operations.sidecars.says import in_order, tags_of, told, words_of

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog


class Difference(StrEnum):
    """How what a sidecar says stands to what the catalog has."""

    NEW = "new"
    """Nobody has said anything yet."""
    SAME = "same"
    CHANGED = "changed"
    """It replaces what a weaker source said."""
    DIFFERENT = "different"
    """It is kept as evidence, but a stronger source says otherwise."""
    OFFERED = "offered"
    """A person wrote it in that tool, and has nothing of the kind here."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One field of one sidecar. `ours_by` is the source of `ours`; both empty where there is none.

    `problem` says why a sidecar is refused, or not believed.
    """

    field: str
    theirs: str
    ours: str
    ours_by: str
    difference: Difference
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SidecarDiff:
    """What one sidecar says beside what the catalog has of its model."""

    path: str
    tool: str
    model: str
    """Empty where it cannot be told which one it is."""
    state: SidecarState
    lines: tuple[DiffLine, ...]


_STRONGER = frozenset(source.value for source in Source if source.rank < Source.SIDECAR.rank)
OWN_FIELDS = ("note", "favourite")


def compared(catalog: Catalog, batch: Sequence[ReadSidecar]) -> Iterator[SidecarDiff]:
    """Yield the difference of each sidecar, in their order."""
    ids = {each.place.content_id for each in batch if each.place is not None}
    standing = catalog.sidecars.standing(sorted(ids))
    for each in batch:
        if each.state is SidecarState.OTHER:
            continue
        here = standing.get(each.place.content_id) if each.place is not None else None
        yield SidecarDiff(
            each.shown_path,
            each.label,
            here.name if here else "",
            each.state,
            tuple(_lines(each, here)) if here else (_refusal(each),),
        )


def _lines(each: ReadSidecar, here: Standing) -> Iterator[DiffLine]:
    saying = each.saying
    if each.state is SidecarState.STALE:
        why = "It speaks of other bytes than the file has."
        yield DiffLine("file", _bytes_meant(each), here.sha256 or "", "", Difference.REFUSED, why)
    if each.state is SidecarState.MISS:
        yield DiffLine("page", "not on the hub", here.page, "", Difference.SAME)
    for field, theirs, _ in told(in_order([saying])):
        if field in OWN_FIELDS:
            yield _own(field, theirs, here)
        else:
            yield _fact(field, theirs, here.facts)
    words = words_of([saying])
    if words:
        yield _list("words", words, here.words)
    tags = tuple(tag for tag, _ in tags_of([saying]))
    if tags:
        yield _list("tags", tags, here.tags)
    claims = saying.claims
    if claims.model_id is not None and claims.version_id is not None:
        yield _page(f"{claims.model_id}@{claims.version_id}", here)
    for reason in claims.refused:
        yield DiffLine("", "", "", "", Difference.REFUSED, reason)


def _fact(field: str, theirs: str, facts: Mapping[str, tuple[str, str]]) -> DiffLine:
    ours, by = facts.get(field, ("", ""))
    if not ours:
        return DiffLine(field, theirs, "", "", Difference.NEW)
    if ours == theirs:
        return DiffLine(field, theirs, ours, by, Difference.SAME)
    stronger = by in _STRONGER or by == Source.TENSORS.value
    difference = Difference.DIFFERENT if stronger else Difference.CHANGED
    return DiffLine(field, theirs, ours, by, difference)


def _own(field: str, theirs: str, here: Standing) -> DiffLine:
    ours = here.note if field == "note" else "yes" if here.favourite else ""
    by = Source.PERSON.value if ours else ""
    if ours == theirs:
        return DiffLine(field, theirs, ours, by, Difference.SAME)
    return DiffLine(field, theirs, ours, by, Difference.DIFFERENT if ours else Difference.OFFERED)


def _list(field: str, theirs: Iterable[str], ours: Sequence[str]) -> DiffLine:
    """Return how a list compares: what is listed here already makes it the same."""
    listed = tuple(theirs)
    known = {fold_tag(entry) for entry in ours}
    one_line = fold_tag(", ".join(listed)) == fold_tag(", ".join(ours))
    news = [] if one_line else [entry for entry in listed if fold_tag(entry) not in known]
    difference = Difference.SAME if not news else Difference.CHANGED if ours else Difference.NEW
    return DiffLine(field, ", ".join(listed), ", ".join(ours), "", difference)


def _page(theirs: str, here: Standing) -> DiffLine:
    if not here.page:
        return DiffLine("page", theirs, "", "", Difference.NEW)
    if here.page == theirs:
        return DiffLine("page", theirs, here.page, here.page_by, Difference.SAME)
    difference = Difference.CHANGED if here.page_by == "sidecar" else Difference.DIFFERENT
    return DiffLine("page", theirs, here.page, here.page_by, difference)


def _refusal(each: ReadSidecar) -> DiffLine:
    return DiffLine("", "", "", "", Difference.REFUSED, each.problem)


def _bytes_meant(each: ReadSidecar) -> str:
    claims = each.claims
    digests = (*claims.sha256, *claims.blake3, *claims.tensor_hash)
    if digests:
        return digests[0]
    return "" if claims.size is None else f"{claims.size} bytes"
