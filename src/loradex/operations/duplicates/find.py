"""Find duplicates and near-duplicates: candidates by digest and name, then the disk, then reasons.

The sorts work on each other: of the copies of one content one stands for it among those with the
same tensors, the one that is kept of these stands for it among epochs, and so on. So a file goes
in one group only, the strongest, and what the groups free adds up.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from loradex.catalog.catalog import Catalog
from loradex.catalog.duplicate_rows import DuplicateRows, Facts, Training
from loradex.domain.duplicates import (
    USUAL,
    Alike,
    Copy,
    DuplicateGroup,
    DuplicateReport,
    Fate,
    Total,
    Twin,
)
from loradex.operations.duplicates.clues import Clue, Found, body, sure
from loradex.operations.duplicates.copies import look_on_disk
from loradex.operations.duplicates.epochs import find_epochs
from loradex.operations.duplicates.keepers import Contender, best, best_copies, version_trait
from loradex.operations.duplicates.names import rough
from loradex.operations.duplicates.variants import differs_in_precision, find_variants

_TRAINED_KINDS = frozenset({"lora", "embedding", "hypernetwork"})


def find_duplicates(
    catalog: Catalog,
    query: str = "",
    *,
    sorts: Collection[Alike] = USUAL,
    min_freed: int = 0,
) -> DuplicateReport:
    """Return the groups of the catalog in which `query` finds at least one model.

    Only groups of these `sorts` that free at least `min_freed` bytes. The disk is asked whether
    the files are as the last scan saw them; no file is read and nothing is changed. Raises
    `QueryError` for a query that cannot be read.
    """
    wanted = set(catalog.ids(query)) if query.strip() else None
    search = _Search(catalog.duplicates, sorts)
    with _collector_resting():
        found = list(search.groups())
    groups = [
        group
        for group in found
        if group.alike in sorts
        and group.freed >= min_freed
        and (wanted is None or any(twin.content_id in wanted for twin in group.twins))
    ]
    strength = {alike: place for place, alike in enumerate(Alike)}
    groups.sort(key=lambda group: (-group.freed, -group.unproven, strength[group.alike]))
    files, nbytes = catalog.duplicates.unhashed()
    return DuplicateReport(
        groups=tuple(groups),
        totals=tuple(_total(alike, groups) for alike in Alike if alike in sorts),
        unhashed=files,
        unhashed_bytes=nbytes,
        links=search.links,
        changed=search.changed,
    )


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Keep the garbage collector from walking through rows, which hold no cycles, all the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _total(alike: Alike, groups: Iterable[DuplicateGroup]) -> Total:
    mine = [group for group in groups if group.alike is alike]
    return Total(
        alike,
        groups=len(mine),
        files=sum(1 for group in mine for _ in group.copies(Fate.GO)),
        nbytes=sum(group.freed for group in mine),
        unproven=sum(1 for group in mine for _ in group.copies(Fate.UNPROVEN)),
    )


@dataclass(slots=True)
class _Search:
    """One search: what stands of each content after the stronger sorts had their say."""

    rows: DuplicateRows
    sorts: Collection[Alike]
    facts: dict[int, Facts] = field(default_factory=dict)
    standing: dict[int, list[Copy]] = field(default_factory=dict)
    links: int = 0
    changed: int = 0

    def groups(self) -> Iterator[DuplicateGroup]:
        """Yield all groups of all sorts, the strongest sort first."""
        copied = self.rows.in_several_places()
        tensors = self.rows.of_same_tensors()
        namesakes = _namesakes(self.rows, copied)
        hub = self.rows.of_same_hub_model()
        ids = sorted({*copied, *(id_ for _, id_ in tensors), *namesakes, *hub})
        self.facts = self.rows.facts(ids)
        met = look_on_disk(self.rows.places(ids))
        self.standing, self.links, self.changed = met.copies, met.links, met.changed
        yield from self._same(copied)
        yield from self._near(Alike.TENSORS, self._of_same_tensors(tensors))
        similar = [id_ for id_ in {*namesakes, *hub} if id_ in self.facts]
        trainings = self.rows.trainings(
            [id_ for id_ in similar if self.facts[id_].kind in _TRAINED_KINDS]
        )
        yield from self._near(Alike.EPOCHS, find_epochs(self._left(similar), trainings))
        yield from self._variants(similar, trainings)
        if Alike.VERSIONS in self.sorts:
            yield from self._near(Alike.VERSIONS, _versions(self._left(hub)))

    def _left(self, ids: Iterable[int]) -> list[Facts]:
        """Return the facts of those that no stronger sort lets go, by id."""
        there = self.facts.keys() & self.standing.keys()
        return [self.facts[id_] for id_ in sorted(there.intersection(ids))]

    def _same(self, ids: Iterable[int]) -> Iterator[DuplicateGroup]:
        for id_ in ids:
            copies = self.standing.get(id_, [])
            if len(copies) < 2 or id_ not in self.facts:
                continue
            ranked, reason = best_copies(copies)
            keeper, *others = ranked
            self.standing[id_] = ranked[:1] if Alike.SAME in self.sorts else ranked
            self.facts[id_] = self.facts[id_]._replace(
                file_name=keeper.path.rpartition("/")[2], path=keeper.path
            )
            judged = [keeper, *(_judged(copy, keeper.proven and copy.proven) for copy in others)]
            if all(copy.fate is Fate.KEEP for copy in judged):
                continue
            proven = all(copy.fate is not Fate.UNPROVEN for copy in judged)
            yield DuplicateGroup(
                alike=Alike.SAME,
                twins=(_twin(self.facts[id_], "", judged, keep=True),),
                why=("the same SHA-256",) if proven else ("the same size, header and samples",),
                sure=1.0 if proven else 0.9,
                keep_because=reason,
            )

    def _of_same_tensors(self, tensors: Sequence[tuple[str, int]]) -> Iterator[Found]:
        same: dict[tuple[str, int, int], list[Facts]] = defaultdict(list)
        digests = {id_: digest for digest, id_ in tensors}
        for facts in self._left(digests):
            same[digests[facts.id], body(facts), facts.tensor_count].append(facts)
        for (digest, _, _), members in same.items():
            if len(members) > 1:
                yield Found(
                    tuple(members),
                    tuple(f"{facts.header_bytes:,} bytes of header" for facts in members),
                    tuple(() for _ in members),
                    (Clue(f"the same digest of all tensors (AutoV3 {digest})", 0.99),),
                )

    def _variants(
        self, ids: Iterable[int], trainings: Mapping[int, Training]
    ) -> Iterator[DuplicateGroup]:
        found = list(find_variants(self._left(ids), trainings))
        for alike in (Alike.PRECISIONS, Alike.FORMATS):
            precision = alike is Alike.PRECISIONS
            yield from self._near(
                alike, (one for one in found if differs_in_precision(one.members) is precision)
            )

    def _near(self, alike: Alike, found: Iterable[Found]) -> Iterator[DuplicateGroup]:
        """Turn what was found into groups; what goes takes no part in weaker sorts."""
        for one in found:
            group = self._group(alike, one)
            yield group
            for twin in group.twins:
                if not twin.keep and any(copy.fate is Fate.GO for copy in twin.copies):
                    del self.standing[twin.content_id]

    def _group(self, alike: Alike, found: Found) -> DuplicateGroup:
        contenders = [
            Contender(facts, worth, self.standing[facts.id][0].proven)
            for facts, worth in zip(found.members, found.order, strict=True)
        ]
        kept, reason = best(alike, contenders)
        ranked = sorted(
            range(len(contenders)),
            key=lambda place: (place != kept, *(-value for value in found.order[place])),
        )
        twins = []
        for place in ranked:
            facts = found.members[place]
            copies = self.standing[facts.id]
            if place != kept:
                read = contenders[kept].proven and contenders[place].proven
                certain = read or alike is not Alike.TENSORS
                copies = [
                    copies[0].judged(Fate.GO if certain else Fate.UNPROVEN),
                    *(_judged(copy, certain and copy.proven) for copy in copies[1:]),
                ]
            twins.append(_twin(facts, found.traits[place], copies, keep=place == kept))
        return DuplicateGroup(
            alike=alike,
            twins=tuple(twins),
            why=tuple(clue.text for clue in found.clues if clue.weight),
            sure=round(sure(found.clues), 3),
            keep_because=reason,
        )


def _judged(copy: Copy, proven: bool) -> Copy:
    """Return a further copy with its fate: one that frees nothing may as well stay."""
    if copy.note:
        return copy
    return copy.judged(Fate.GO if proven else Fate.UNPROVEN)


def _twin(facts: Facts, trait: str, copies: Sequence[Copy], *, keep: bool) -> Twin:
    return Twin(
        content_id=facts.id,
        name=facts.name,
        kind=facts.kind,
        base=facts.base,
        size=facts.size,
        trait=trait,
        sha256=facts.sha256,
        matched=bool(facts.matched),
        yours=facts.yours,
        copies=tuple(copies),
        keep=keep,
    )


def _namesakes(rows: DuplicateRows, copied: Sequence[int]) -> set[int]:
    """Return the contents whose names, less count or precision, others of their sort have too.

    Only hashes of names are kept, so that memory stays small for a very large catalog; that two
    names may by chance share one is set right where the facts are compared.
    """
    first: dict[int, int] = {}
    several: set[int] = set()
    for outline in chain(rows.outlines(), rows.further_outlines(copied)):
        key = hash((rough(outline.file_name, outline.kind), outline[2:]))
        known = first.setdefault(key, outline.id)
        if known != outline.id:
            several.add(known)
            several.add(outline.id)
    return several


def _versions(facts: Iterable[Facts]) -> Iterator[Found]:
    """Yield what the hub has as several versions of one model, for one base."""
    models: dict[tuple[object, ...], list[Facts]] = defaultdict(list)
    for one in facts:
        if one.hub is not None:
            models[one.hub.hub, one.hub.model_id, one.kind, one.base, one.derivative].append(one)
    for members in models.values():
        if len({one.hub and one.hub.version_id for one in members}) > 1:
            name = next((one.hub.model_name for one in members if one.hub), None) or "one model"
            yield Found(
                tuple(members),
                tuple(version_trait(one) for one in members),
                tuple(() for _ in members),
                (Clue(f"the hub has them as versions of {name[:80]}", 0.95),),
            )
