"""Plans that move and rename files by a template: `plan organise`, `rename` and `consolidate`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.catalog.plan_store import KnownPlace
from loradex.catalog.tidy_rows import Location, Naming
from loradex.domain.kinds import ModelKind
from loradex.domain.library import FileState, Library
from loradex.domain.plans import Conflict, MovePlan, Place
from loradex.formats.model_files import model_stem
from loradex.operations.path_template import Lookup, PathTemplate
from loradex.operations.template_reading import read_path_template
from loradex.operations.tidying.chosen import about_models, chosen_ids
from loradex.operations.tidying.destinations import OWN_ORDER, Destinations, NoFolder
from loradex.operations.tidying.fields import FIELDS, lookup_for
from loradex.operations.tidying.free_names import FreeNames, stem_of, with_stem
from loradex.operations.tidying.keeping import Wish, draw_up

ORGANISE_TEMPLATE = "{kind}/{base}/<{creator}/>"
CONSOLIDATE_TEMPLATE = "{kind}/{base}/"
RENAME_TEMPLATE = "{name}< {version}>"

_STATES = {
    FileState.OFFLINE: "Its library is not there: the drive is away.",
    FileState.GROWING: "It is still being written.",
}


def organise_template(text: str) -> PathTemplate:
    """Read a template of folders and a name; raise `TemplateError`."""
    return read_path_template(text, FIELDS, names_file=True)


def rename_template(text: str) -> PathTemplate:
    """Read a template of a name; raise `TemplateError`, also for one with folders."""
    from loradex.operations.template_reading import TemplateError  # noqa: PLC0415

    template = organise_template(text)
    if "/" in text:
        raise TemplateError(
            "The template cannot be read: a name has no / in it.",
            query=text,
            position=text.index("/"),
            hint="`loradex plan organise` moves files to other folders.",
        )
    return template


@dataclass(frozen=True, slots=True)
class Tidy:
    """What is to be tidied, and how."""

    kind: str
    """`organise`, `rename` or `consolidate`."""
    template: PathTemplate
    query: str = ""
    libraries: tuple[Library, ...] = ()
    """Only their files; all libraries when empty."""
    into: Library | None = None
    """Where they go; None: each file stays in its library."""
    suffix: bool = True
    """Two models with one name get a part of their hash in it; else the second one stays."""
    models: frozenset[int] | None = None
    """Of what the query finds, only these; None: all of it."""

    @property
    def about(self) -> dict[str, object]:
        """The same as `plan show` tells it."""
        return {
            "query": self.query,
            "template": self.template.text,
            "libraries": [library.name for library in self.libraries],
            "into": self.into.name if self.into else None,
            **about_models(self.models),
        }


def plan_tidy(catalog: Catalog, tidy: Tidy) -> MovePlan:
    """Return what is to be moved where; nothing is written.

    Raises `QueryError`. A model that has no place, whose name another one has, or that cannot be
    read becomes a conflict.
    """
    ids = chosen_ids(catalog, tidy.query, tidy.models)
    drawing = _Drawing(catalog, tidy, ids)
    wishes = drawing.wishes()
    plan = draw_up(catalog, tidy.kind, "", wishes, conflicts=drawing.conflicts)
    return replace(plan, note=_note(tidy, plan))


def _note(tidy: Tidy, plan: MovePlan) -> str:
    files = sum(step.file_id is not None for step in plan.moves)
    where = f" into {tidy.into.name}" if tidy.into else ""
    of = f" of {', '.join(library.name for library in tidy.libraries)}" if tidy.libraries else ""
    query = f" that {tidy.query!r} finds" if tidy.query.strip() else ""
    return f"{tidy.kind.capitalize()} {files:,} models{of}{query}{where} as {tidy.template.text}"


class _Drawing:
    """One plan in the making."""

    def __init__(self, catalog: Catalog, tidy: Tidy, ids: Sequence[int]) -> None:
        self.conflicts: list[Conflict] = []
        self._catalog = catalog
        self._tidy = tidy
        self._facts: Mapping[int, Naming] = catalog.tidying.naming(ids)
        asks_own = "field" in tidy.template.fields
        self._own = catalog.tidying.own_fields(ids) if asks_own else {}
        self._all = {library.id: library for library in catalog.files.libraries()}
        self._destinations = Destinations(catalog, tidy.template)
        files = list(catalog.tidying.locations(ids))
        into = tidy.into.id if tidy.into else None
        self._there = {file.content_id for file in files if file.library_id == into}
        self._files = self._of_libraries(files)
        self._known = {
            known.file_id: known
            for known in catalog.plans.places(file.file_id for file in self._files)
        }

    def wishes(self) -> list[Wish]:
        """Return the moves; those that stay are in `conflicts`."""
        wanted: list[tuple[KnownPlace, Library, tuple[bytes, ...], str]] = []
        for file in self._files:
            known = self._known.get(file.file_id)
            if known is None or file.content_id not in self._facts:
                continue
            try:
                wanted.append((known, *self._wanted(file, known)))
            except NoFolder as reason:
                self._stays(known, str(reason))
        paths = [
            b"/".join((_root(lib), *folders, os.fsencode(name))) for _, lib, folders, name in wanted
        ]
        moving = [path != each[0].place.path for path, each in zip(paths, wanted, strict=True)]
        leaving = {each[0].place.path for moves, each in zip(moving, wanted, strict=True) if moves}
        names = FreeNames(leaving)
        for moves, (known, _, _, _) in zip(moving, wanted, strict=True):
            if not moves:
                names.give(known.place.folder, os.fsdecode(known.place.name), known.content_id)
        return [
            wish
            for moves, each in zip(moving, wanted, strict=True)
            if moves and (wish := self._wish(names, *each))
        ]

    def _of_libraries(self, files: Iterable[Location]) -> list[Location]:
        chosen: Collection[int] = [library.id for library in self._tidy.libraries] or self._all
        into = self._tidy.into
        skipped = into.id if into and self._tidy.kind == "consolidate" else None
        return [file for file in files if file.library_id in chosen and file.library_id != skipped]

    def _wanted(self, file: Location, known: KnownPlace) -> tuple[Library, tuple[bytes, ...], str]:
        """Return the library, the folders and the name that a file should have."""
        if file.state in _STATES:
            raise NoFolder(_STATES[FileState(file.state)])
        library = self._all[file.library_id]
        if library.layout in OWN_ORDER:
            raise NoFolder(f"The tool of {library.name} keeps an order of its own there.")
        facts = self._facts[file.content_id]
        name = os.fsdecode(known.place.name)
        lookup = self._lookup(file, known, facts, library)
        if self._tidy.kind == "rename":
            stem = self._tidy.template.fill(lookup).name
            folders = tuple(known.place.relative.split(b"/")[:-1])
            return library, folders, with_stem(name, stem) if stem else name
        goal = self._tidy.into or library
        if goal.id != library.id and file.content_id in self._there:
            raise NoFolder(f"{goal.name} has it already: see `loradex plan dedupe`.")
        folders, stem = self._destinations.folder(goal, ModelKind(facts.kind), lookup)
        keeps = stem is None or self._tidy.template.keeps_names
        return goal, folders, name if keeps or stem is None else with_stem(name, stem)

    def _lookup(self, file: Location, known: KnownPlace, facts: Naming, library: Library) -> Lookup:
        name = os.fsdecode(known.place.name)
        folder = os.fsdecode(known.place.relative.rpartition(b"/")[0])
        return lookup_for(
            facts,
            self._own.get(file.content_id, {}),
            stem=stem_of(name),
            suffix=name[len(model_stem(name)) :],
            folder=folder,
            library=library.name,
        )

    def _wish(
        self,
        names: FreeNames,
        known: KnownPlace,
        library: Library,
        folders: tuple[bytes, ...],
        name: str,
    ) -> Wish | None:
        """Return the move of one file, None when it stays."""
        folder = b"/".join((_root(library), *folders))
        taken, holder = names.holder(folder, name)
        if taken and holder is not None and holder == known.content_id:
            self._stays(known, "Another copy of it has that place: see `loradex plan dedupe`.")
            return None
        if taken:
            if not self._tidy.suffix:
                self._stays(known, f"Another model has the name {name} there.")
                return None
            name = names.free(folder, name, known.sha256)
        names.give(folder, name, known.content_id)
        target = Place(library.id, _root(library), b"/".join((*folders, os.fsencode(name))))
        return None if target.path == known.place.path else Wish(known.file_id, target)

    def _stays(self, known: KnownPlace, reason: str) -> None:
        self.conflicts.append(Conflict(known.place, reason, file_id=known.file_id))


def _root(library: Library) -> bytes:
    return os.fsencode(library.root)
