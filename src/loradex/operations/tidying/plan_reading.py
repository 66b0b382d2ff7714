"""Read plans from JSON files, as what any stranger may write.

docs/tidying.md has the format. Nothing in a file is trusted: libraries are found by name, models by
their place, and everything else about them comes from the catalog and the disk. A file that leads
out of a library, or is no plan, is refused as a whole; an item that cannot be done any more becomes
a conflict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import (
    Conflict,
    LinkKind,
    MovePlan,
    Place,
)
from loradex.domain.scanning import KnownFile
from loradex.domain.text import display_text
from loradex.errors import UsageError
from loradex.formats.model_files import is_model_file
from loradex.operations.moves.names import leads_elsewhere
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.tidying.keeping import Wish, draw_up
from loradex.operations.tidying.plan_file import VERSION
from loradex.operations.tidying.portable import path_problem

LARGEST = 256 * 1024 * 1024
MOST_ITEMS = 500_000
_MOST_PROBLEMS = 10
_EDITED = " (edited)"

_Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What a file says, checked."""

    plan: MovePlan
    number: int | None
    """The kept plan that it was written from, None when it is no such plan's any more."""


def read_document(catalog: Catalog, text: str | bytes) -> FilePlan:
    """Return the plan that a file's text is, drawn up anew; raise `UsageError` for none."""
    raw = _parsed(text)
    reading = _Reading(catalog)
    items = raw.get("items")
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise _no_plan("its `items` are no list, or too many")
    for place, item in enumerate(items):
        reading.take(place, item)
    reading.refuse_wrong()
    plan = draw_up(
        catalog,
        _short(raw.get("kind"), "edited"),
        edited_note(_short(raw.get("note"), "A plan")),
        reading.wishes,
        conflicts=reading.conflicts,
        trash=TrashKind.FOLDER if raw.get("trash") == TrashKind.FOLDER else TrashKind.SYSTEM,
    )
    return FilePlan(plan, _number_of(catalog, raw))


def edited_note(note: str) -> str:
    """Return the note of a plan of which somebody has changed something."""
    return note.removesuffix(_EDITED) + _EDITED


def is_edited(note: str) -> bool:
    """Tell whether a plan of this note was changed by a person."""
    return note.endswith(_EDITED)


def _parsed(text: str | bytes) -> _Json:
    if len(text) > LARGEST:
        raise _no_plan(f"it is larger than {LARGEST // 2**20} MiB")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_plan(f"it is not valid JSON ({display_text(str(error), 100)})") from error
    if not isinstance(raw, dict) or "loradex_plan" not in raw:
        raise _no_plan("it has no `loradex_plan`")
    if raw["loradex_plan"] != VERSION:
        raise _no_plan(f"it is of another version than {VERSION}")
    return raw


def _no_plan(why: str) -> UsageError:
    return UsageError(
        f"The file is no plan: {why}.", hint="`loradex plan show N -o FILE` writes one."
    )


def _short(value: object, otherwise: str) -> str:
    return display_text(value, 300) if isinstance(value, str) and value else otherwise


def _number_of(catalog: Catalog, raw: _Json) -> int | None:
    """Return the kept plan that a file was written from, if this catalog has it still."""
    number = raw.get("plan")
    if not isinstance(number, int) or not 0 < number < 2**62:
        return None
    summary = catalog.plans.plan(number)
    same = summary is not None and summary.created_at == raw.get("drawn_up")
    return number if same else None


class _Reading:
    """The items of one file, read and compared with the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.wishes: list[Wish] = []
        self.conflicts: list[Conflict] = []
        self._wrong: list[str] = []
        self._libraries = {library.name: library for library in catalog.files.libraries()}
        self._known: dict[int, dict[bytes, KnownFile]] = {}
        self._catalog = catalog
        self._elsewhere: dict[tuple[int, bytes], bool] = {}
        self._named: set[bytes] = set()

    def take(self, number: int, item: object) -> None:
        """Read one item: a wish, a conflict, or something wrong."""
        where = f"items[{number}]"
        if not isinstance(item, dict):
            self._wrong.append(f"{where} is no object.")
            return
        source = self._place(item, "library", "from", where, usual=True)
        do = item.get("do")
        if do not in ("move", "trash"):
            self._wrong.append(f"{where}.do is neither move nor trash.")
        elif source is not None:
            target = None
            if do == "move":
                target = self._target(item, where, source)
                if target is None:
                    return
            self._wish(item, where, source, target)

    def refuse_wrong(self) -> None:
        """Raise `UsageError` when anything in the file cannot be meant."""
        if self._wrong:
            more = len(self._wrong) - _MOST_PROBLEMS
            shown = [*self._wrong[:_MOST_PROBLEMS], *([f"And {more} more."] if more > 0 else [])]
            raise UsageError(
                "The plan was refused, and nothing was done:\n  " + "\n  ".join(shown),
                hint="Mend or remove these items.",
            )

    def _target(self, item: _Json, where: str, source: Place) -> Place | None:
        into = (
            item
            if item.get("to_library") is not None
            else {**item, "to_library": item.get("library")}
        )
        target = self._place(into, "to_library", "to", where, source=source)
        if target is None:
            return None
        name, new_name = os.fsdecode(source.name), os.fsdecode(target.name)
        if is_model_file(name) and not is_model_file(new_name):
            self._wrong.append(f"{where}.to has not the ending of a model file.")
            return None
        return target

    def _place(
        self,
        item: _Json,
        library: str,
        path: str,
        where: str,
        *,
        usual: bool = False,
        source: Place | None = None,
    ) -> Place | None:
        """Return a place that an item names; None after noting what is wrong with it."""
        name, text = item.get(library), item.get(path)
        found = self._libraries.get(name) if isinstance(name, str) else None
        if found is None:
            self._wrong.append(f"{where}.{library}: there is no such library.")
            return None
        if not isinstance(text, str):
            self._wrong.append(f"{where}.{path} is no text.")
            return None
        there = set(os.fsdecode(source.relative).split("/")) if source else set()
        try:
            problem = path_problem(text, set(text.split("/")) if usual else there)
            relative = os.fsencode(text)
        except UnicodeEncodeError:
            problem, relative = "It has characters that no path has.", b""
        if problem:
            self._wrong.append(f"{where}.{path}: {problem}")
            return None
        return Place(found.id, os.fsencode(found.root), relative)

    def _wish(self, item: _Json, where: str, source: Place, target: Place | None) -> None:
        if source.path in self._named:
            self._wrong.append(f"{where}.from: another item names this file already.")
            return
        self._named.add(source.path)
        if target is not None and self._leads_elsewhere(target):
            self._stays(source, "A folder on the way to its place is a link that leads elsewhere.")
            return
        known = self._file(source)
        if known is None:
            if is_model_file(os.fsdecode(source.name)) or not os.path.lexists(source.path):
                self._stays(source, "The catalog has no file there: scan first.")
            elif self._leads_elsewhere(source):
                self._stays(source, "A folder on the way to it is a link that leads elsewhere.")
            else:
                self.wishes.append(Wish(source, target))
            return
        if item.get("sha256") not in (None, self._sha256(known)):
            self._stays(source, "It is not the file any more that the plan was made for.")
            return
        kept, link = self._kept(item, where)
        if target is None and item.get("same_as") is not None and kept is None:
            self._stays(source, "The file that is to be kept is not known.")
            return
        self.wishes.append(Wish(known.id, target, kept=kept, link=link))

    def _kept(self, item: _Json, where: str) -> tuple[int | None, LinkKind | None]:
        same, link = item.get("same_as"), item.get("link")
        if same is None:
            if link is not None:
                self._wrong.append(f"{where}.link wants same_as: what should it lead to?")
            return None, None
        if link not in (None, *LinkKind):
            self._wrong.append(f"{where}.link is neither hard nor symbolic.")
            return None, None
        if not isinstance(same, dict):
            self._wrong.append(f"{where}.same_as is no object.")
            return None, None
        place = self._place(same, "library", "path", f"{where}.same_as", usual=True)
        known = self._file(place) if place else None
        return (known.id if known else None), (None if link is None else LinkKind(str(link)))

    def _file(self, place: Place) -> KnownFile | None:
        if place.library_id not in self._known:
            self._known[place.library_id] = self._catalog.files.known_files(place.library_id)
        return self._known[place.library_id].get(place.relative)

    def _sha256(self, known: KnownFile) -> str | None:
        places = self._catalog.plans.places([known.id])
        return places[0].sha256 if places else None

    def _leads_elsewhere(self, place: Place) -> bool:
        folder = place.relative.rpartition(b"/")[0]
        key = (place.library_id, folder)
        if key not in self._elsewhere:
            below = [part for part in folder.split(b"/") if part]
            self._elsewhere[key] = leads_elsewhere(place.root, below)
        return self._elsewhere[key]

    def _stays(self, place: Place, reason: str) -> None:
        self.conflicts.append(Conflict(place, reason))
