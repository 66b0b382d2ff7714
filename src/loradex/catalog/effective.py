"""What lists show of a content, worked out from all that was told of it. Pure: no database.

The columns that hold it, and the full-text rows, are written by `loradex.catalog.derive` for
contents that change, and by `loradex.catalog.content_rows` for those seen for the first time.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loradex.catalog.about import about
from loradex.catalog.folding import folded
from loradex.catalog.place_rows import Lies
from loradex.domain.evidence import Evidence, effective
from loradex.domain.file_names import like_a_copy
from loradex.domain.kinds import ModelKind
from loradex.domain.trigger_words import ChosenGroup, ChosenWord, Entry, arrange, shown_words

COLUMNS = (
    "name", "file_name", "kind", "base", "derivative", "state", "path", "copies", "tags", "words",
    "rating", "favourite", "matched", "content_level", "sort_name",
)  # fmt: skip
"""The columns of `content` that are derived."""

_STATE_ORDER = ("present", "growing", "unreadable", "offline", "missing")

_SEARCHED_PLACES = 20
_SEARCHED_CHARACTERS = 4_096
"""How many places of a content can be found by their own names, and how much text that may be."""


class Stored(NamedTuple):
    """What the content's row says already."""

    name: str
    file_name: str
    path: str
    format: str


class Place(NamedTuple):
    """A file that holds the content."""

    state: str
    path: str
    root: str
    device: int
    inode: int


class Note(NamedTuple):
    """What a person said of it."""

    note: str
    rating: int | None
    favourite: bool


class HubText(NamedTuple):
    """What a hub calls it."""

    name: str | None
    version: str | None
    creator: str | None
    base_model: str | None
    tags: str | None
    described: str | None = None
    version_described: str | None = None


@dataclass(slots=True)
class Told:
    """All that was told of one content. `places` come first seen first."""

    stored: Stored
    places: Sequence[Place] = ()
    facts: Iterable[Evidence] = ()
    tags: Sequence[str] = ()
    words: Sequence[Entry] = ()
    note: Note | None = None
    matches: Sequence[HubText] = ()
    chosen_words: Sequence[ChosenWord] = ()
    chosen_groups: Sequence[ChosenGroup] = ()


class Derived(NamedTuple):
    """One content's derived columns in the order of `COLUMNS`, its full-text rows, its places."""

    columns: tuple[object, ...]
    words: tuple[str, str, str, str, str]
    parts: tuple[str, str]
    about: tuple[str]
    places: tuple[Lies, ...]


def derive(content_id: int, told: Told) -> Derived:
    """Return what follows from all that was told."""
    places = [_called(place, told.stored.format) for place in told.places]
    if len(places) > 1:
        places.sort(key=lambda called: (_STATE_ORDER.index(called.state), like_a_copy(called.name)))
    searched = places[:_SEARCHED_PLACES]
    counting = effective(told.facts)
    words = shown_words(arrange(told.words, told.chosen_words, told.chosen_groups))
    name, file_name, path = _names(content_id, told.stored, places, _value(counting, "name"))
    level = _value(counting, "content_level") or ""
    note = told.note
    columns = (
        name,
        file_name,
        _value(counting, "kind") or ModelKind.UNKNOWN.value,
        _value(counting, "base"),
        _value(counting, "derivative"),
        places[0].state if places else "missing",
        path,
        len({(place.device, place.inode) for place in told.places if place.state == "present"}),
        json.dumps(told.tags, ensure_ascii=False) if told.tags else "[]",
        json.dumps(words, ensure_ascii=False) if words else "[]",
        note.rating if note else None,
        bool(note.favourite) if note else False,
        bool(told.matches),
        int(level) if level.isdecimal() else None,
        folded(name),
    )
    called = " ".join(
        part
        for hub in told.matches
        for part in (hub.name, hub.version, hub.creator, hub.base_model, hub.tags)
        if part
    )
    return Derived(
        columns,
        (
            _searched((name, file_name), (part for place in searched for part in place.words), " "),
            " ".join(words),
            " ".join(told.tags),
            note.note if note else "",
            called,
        ),
        (
            folded(_searched((name,), (place.name for place in searched))),
            folded(_searched((file_name,), (place.file_name for place in searched))),
        ),
        (about(text for hub in told.matches for text in (hub.version_described, hub.described)),),
        tuple(_lies(place.root, place.path) for place in told.places) or (_lies("", path),),
    )


def _lies(root: str, path: str) -> Lies:
    folder, _, name = path.rpartition("/")
    return Lies(root, folder, folded(name))


class _Called(NamedTuple):
    """A place, and what it would have its content called."""

    state: str
    path: str
    file_name: str
    name: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words to find it by; what the folder gave is not in the file's name."""
        given = self.file_name.startswith(self.name)
        return (self.file_name,) if given else (self.file_name, self.name)


def _called(place: Place, format_: str) -> _Called:
    path = f"{place.root}/{place.path}"
    folder, _, file_name = path.rpartition("/")
    stem = file_name if format_ == "diffusers" else file_name.rpartition(".")[0]
    stem = _SHARD.sub("", stem)
    said = folder.rpartition("/")[2] if _SAYS_NOTHING.fullmatch(stem) else stem
    return _Called(place.state, path, file_name, said or file_name)


def _names(
    content_id: int, stored: Stored, places: Sequence[_Called], told: str | None
) -> tuple[str, str, str]:
    """Return name, file name and path; a content without a place keeps its last ones.

    The name is in composed form (NFC), so that names that look the same sort and compare so.
    """
    if not places:
        name = told or stored.name or f"#{content_id}"
        return _composed(name), stored.file_name, stored.path
    first = places[0]
    return _composed(told or first.name), first.file_name, first.path


def _searched(shown: Sequence[str], others: Iterable[str], between: str = "\n") -> str:
    """Return the text that a content is found by: what is shown, then what it is called elsewhere.

    Composed (NFC), each text once, and bounded: a file can have any number of copies.
    """
    texts = dict.fromkeys(map(_composed, shown))
    room = _SEARCHED_CHARACTERS
    for text in others:
        room -= len(text)
        if room < 0:
            break
        texts.setdefault(_composed(text))
    return between.join(texts)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_SAYS_NOTHING = re.compile(
    r"(diffusion_pytorch_model|pytorch_lora_weights|pytorch_model|adapter_model|model)"
    r"(\.(fp16|bf16|fp32|non_ema))*"
)
"""What libraries call every model they save: the folder is named by the person who keeps it."""


def _value(counting: dict[str, Evidence], field: str) -> str | None:
    fact = counting.get(field)
    return fact.value if fact else None
