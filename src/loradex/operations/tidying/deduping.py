"""Plans that let copies go: `plan dedupe`.

The report of duplicates says what is there more than once; this says which one stays, and what
becomes of the others. Right before a file goes it is compared with the one that stays, byte by
byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.duplicates import Alike, Copy, DuplicateGroup, Fate, Twin
from loradex.domain.library import Library
from loradex.domain.plans import Conflict, LinkKind, MovePlan, Place
from loradex.formats.shards import shard_name
from loradex.operations.duplicates import find_duplicates
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.tidying.chosen import about_models
from loradex.operations.tidying.destinations import OWN_ORDER
from loradex.operations.tidying.keep_rules import KeepRule, ranked
from loradex.operations.tidying.keeping import Wish, draw_up

NEAR = (Alike.TENSORS, Alike.PRECISIONS, Alike.FORMATS)
"""Sorts of which one would do although the bytes differ."""

_UNPROVEN = (
    "It looks the same as {kept}, but was not read in full yet: run `loradex scan --hash now`."
)


@dataclass(frozen=True, slots=True)
class Dedupe:
    """Which copies go, and how."""

    query: str = ""
    keep: tuple[KeepRule, ...] = ()
    """Before the rules of the report."""
    link: LinkKind | None = None
    """What is left in a copy's place; None: nothing."""
    near: bool = False
    """Also files that differ: other metadata, precision or container."""
    precision: str = ""
    """Of files that differ in precision, the one to keep: `fp16`, `fp32` …; empty for the best."""
    mine: bool = False
    """Also such files of which the person has said something."""
    trash: TrashKind = TrashKind.SYSTEM
    models: frozenset[int] | None = None
    """Of what the query finds, only copies of these; None: of all."""

    @property
    def about(self) -> dict[str, object]:
        """The same as `plan show` tells it."""
        return {
            "query": self.query,
            "keep": [rule.text for rule in self.keep],
            "link": self.link,
            "near": self.near,
            "precision": self.precision,
            **about_models(self.models),
        }


@dataclass(slots=True)
class DedupePlan:
    """The plan, and what is to be known of it."""

    plan: MovePlan
    reasons: dict[str, str]
    """Why a file is kept, by its path."""
    unhashed: int
    """Files that were not read in full yet: what they share is not known."""
    shared_bytes: int = 0
    """Of what goes, bytes that another file holds as well (a copy-on-write clone): they do not
    become free."""


def plan_dedupe(catalog: Catalog, dedupe: Dedupe) -> DedupePlan:
    """Return which copies go; nothing is written. Raises `QueryError`.

    Links are no copies. A copy that was not read in full, one file of several, and one that its
    tool lists under its name become conflicts.
    """
    sorts = (Alike.SAME, *NEAR) if dedupe.near else (Alike.SAME,)
    report = find_duplicates(catalog, dedupe.query, sorts=sorts)
    drawing = _Drawing(catalog, dedupe)
    for group in report.groups:
        if dedupe.models is not None and not any(
            twin.content_id in dedupe.models for twin in group.twins
        ):
            continue
        if group.alike is Alike.SAME:
            drawing.same(group)
        else:
            drawing.near(group)
    plan = draw_up(
        catalog, "dedupe", "", drawing.wishes, conflicts=drawing.conflicts, trash=dedupe.trash
    )
    files = sum(step.file_id is not None for step in plan.moves)
    left = f", {dedupe.link.value} links in their place" if dedupe.link else ""
    plan = replace(plan, note=f"Dedupe {files:,} files{left}")
    return DedupePlan(plan, drawing.reasons, report.unhashed, drawing.shared)


@dataclass(slots=True)
class _Drawing:
    """One plan in the making."""

    catalog: Catalog
    dedupe: Dedupe
    wishes: list[Wish] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    shared: int = 0
    _libraries: dict[str, Library] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._libraries = {library.name: library for library in self.catalog.files.libraries()}

    def same(self, group: DuplicateGroup) -> None:
        """Let all copies of one content go but one."""
        (twin,) = group.twins
        copies, reason = ranked(twin.copies, self.dedupe.keep)
        kept, *others = copies
        if kept.names[0].link:
            kept = next((copy for copy in copies if not copy.names[0].link), kept)
            others = [copy for copy in copies if copy is not kept]
        self.reasons[kept.path] = reason or group.keep_because
        for copy in others:
            self._let_go(copy, kept, self.dedupe.link)

    def near(self, group: DuplicateGroup) -> None:
        """Let the models go that one of them stands for; the bytes differ, so no link is left."""
        kept = self._kept_of(group)
        self.reasons[kept.copies[0].path] = group.keep_because
        for twin in group.twins:
            if twin is kept:
                continue
            for copy in twin.copies:
                if twin.yours and not self.dedupe.mine:
                    self._stays(copy, "You have said something of it: use --mine to let it go.")
                elif copy.fate is not Fate.UNPROVEN or group.alike is not Alike.TENSORS:
                    self._let_go(copy, None, None)
                else:
                    self._stays(copy, _UNPROVEN.format(kept=kept.copies[0].path))

    def _kept_of(self, group: DuplicateGroup) -> Twin:
        wanted = self.dedupe.precision.casefold()
        if wanted and group.alike is Alike.PRECISIONS:
            named = [twin for twin in group.twins if wanted in _precisions(twin.trait)]
            if named:
                return named[0]
        return group.twins[0]

    def _let_go(self, copy: Copy, kept: Copy | None, link: LinkKind | None) -> None:
        name = copy.names[0]
        if name.link:
            return  # a link costs nothing
        reason = self._why_not(copy, kept)
        if reason:
            self._stays(copy, reason)
            return
        self.shared += copy.size - copy.frees if copy.note else _shared_bytes(name.raw_path)
        for each in copy.names:
            file_id = self._file(each.library, each.raw_path)
            kept_id = self._file(kept.names[0].library, kept.names[0].raw_path) if kept else None
            if file_id is not None and not each.link and (kept is None or kept_id is not None):
                self.wishes.append(Wish(file_id, None, kept=kept_id, link=link))

    def _why_not(self, copy: Copy, kept: Copy | None) -> str:
        name = os.path.basename(copy.names[0].raw_path)  # noqa: PTH119
        library = self._libraries.get(copy.library)
        if library is not None and library.layout in OWN_ORDER:
            return f"The tool of {library.name} keeps an order of its own there."
        if kept is not None and not (copy.proven and kept.proven):
            return _UNPROVEN.format(kept=kept.path)
        if kept is not None and shard_name(os.fsdecode(name)) is not None:
            return "It is one of several files of a model, which are not compared as one."
        if kept is not None and os.path.isdir(copy.names[0].raw_path):  # noqa: PTH112
            return "A model that is a folder is not compared as one."
        return ""

    def _file(self, library: str, raw_path: bytes) -> int | None:
        found = self._libraries.get(library)
        if found is None:
            return None
        relative = raw_path.removeprefix(os.fsencode(found.root) + b"/")
        known = self.catalog.files.known_at(found.id, [relative])
        return known[relative].id if relative in known else None

    def _stays(self, copy: Copy, reason: str) -> None:
        library = self._libraries.get(copy.library)
        if library is None:
            return
        root = os.fsencode(library.root)
        relative = copy.names[0].raw_path.removeprefix(root + b"/")
        self.conflicts.append(
            Conflict(
                Place(library.id, root, relative),
                reason,
                file_id=self._file(library.name, copy.names[0].raw_path),
            )
        )


def _precisions(trait: str) -> Iterator[str]:
    """Yield how people call the precision of a trait such as `F16` or `BF16 with VAE`."""
    word = trait.split(" ", 1)[0].casefold()
    yield word
    if word[:1] == "f" and word[1:].isdigit():
        yield f"fp{word[1:]}"


def _shared_bytes(path: bytes) -> int:
    from loradex.operations.tidying.clones import shared_bytes  # noqa: PLC0415

    return shared_bytes(path) or 0
