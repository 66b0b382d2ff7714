"""Take back what was written about models: every statement as it was, not only what shows of it.

An edit runs under `remembering`, which looks at a person's statements before and after it and keeps
what differs. `take_back` puts that back, but for what somebody has changed again meanwhile. What is
remembered lives as long as the process that edited.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from loradex.catalog.catalog import Catalog
from loradex.catalog.reader import chunks
from loradex.catalog.said_store import KINDS, Change
from loradex.catalog.writer import BULK
from loradex.domain.verdicts import Verdict, VerdictSource

VERDICTS = "verdicts"
WORDS = ("words", "word groups")
"""Both belong to a choice of words."""

Said = tuple[Verdict, ...]


@dataclass
class Memory:
    """What an edit changed; false when it changed nothing."""

    changes: list[Change] = field(default_factory=list)
    verdicts: list[tuple[int, Said, Said]] = field(default_factory=list)
    """A model, and what a person said of it before and after."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.verdicts)

    @property
    def models(self) -> int:
        """How many models were changed."""
        ids = {id_ for change in self.changes for id_ in change.ids}
        return len(ids.union(id_ for id_, _, _ in self.verdicts))


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many models are as before, and on how many something was changed again meanwhile."""

    models: int
    left: int


def remembering(
    catalog: Catalog,
    memory: Memory,
    kinds: Sequence[str],
    ids: Sequence[int],
    edit: Callable[[Sequence[int]], object],
    *,
    told: Callable[[int], None] | None = None,
) -> None:
    """Run `edit` on models, some thousand at a time, and add to `memory` what it changed.

    `kinds` are those of `KINDS` and `VERDICTS` that it may change. `told` hears how many models
    are done. When `edit` raises, what was done until then is remembered.
    """
    done = 0
    for some in chunks(ids, BULK):
        before = {kind: catalog.said.read(kind, some) for kind in kinds if kind != VERDICTS}
        verdicts = _verdicts(catalog, some) if VERDICTS in kinds else {}
        edit(some)
        for kind, old in before.items():
            memory.changes += _changes(kind, old, catalog.said.read(kind, some))
        if VERDICTS in kinds:
            now = _verdicts(catalog, some)
            memory.verdicts += [
                (id_, verdicts.get(id_, ()), now.get(id_, ()))
                for id_ in some
                if verdicts.get(id_, ()) != now.get(id_, ())
            ]
        done += len(some)
        if told is not None:
            told(done)


def take_back(catalog: Catalog, memory: Memory) -> TakenBack:
    """Put back everything that `memory` holds and nobody has changed since."""
    back: set[int] = set()
    left: set[int] = set()
    for change in reversed(memory.changes):
        done = set(catalog.said.put_back(change))
        back |= done
        left.update(id_ for id_ in change.ids if id_ not in done)
    for id_, before, after in reversed(memory.verdicts):
        if _verdicts(catalog, [id_]).get(id_, ()) != after:
            left.add(id_)
            continue
        catalog.verdicts.clear([id_], VerdictSource.PERSON)
        for verdict in before:
            catalog.verdicts.record(verdict)
        back.add(id_)
    return TakenBack(len(back), len(left))


def _verdicts(catalog: Catalog, ids: Sequence[int]) -> dict[int, Said]:
    """Return what a person says of models; those they say nothing of are left out."""
    found: dict[int, Said] = {}
    for id_, verdicts in catalog.verdicts.of_many(ids).items():
        own = tuple(
            replace(each, id=None) for each in verdicts if each.source is VerdictSource.PERSON
        )
        if own:
            found[id_] = own
    return found


def _changes(
    kind: str,
    before: dict[tuple[int, tuple[object, ...]], tuple[object, ...]],
    after: dict[tuple[int, tuple[object, ...]], tuple[object, ...]],
) -> list[Change]:
    """Return what differs, models with the same change together."""
    nothing = KINDS[kind].nothing
    alike: dict[tuple[object, ...], array[int]] = {}
    for place in before.keys() | after.keys():
        old, new = before.get(place, nothing), after.get(place, nothing)
        if old != new:
            id_, key = place
            alike.setdefault((key, old, new), array("q")).append(id_)
    return [
        Change(kind, key, old, new, ids)  # type: ignore[arg-type]
        for (key, old, new), ids in alike.items()
    ]
