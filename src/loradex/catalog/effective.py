"""What lists show of a content, worked out from all that was told of it. Pure: no database.

The columns that hold it, and the full-text rows, are written by `loradex.catalog.derive` for
contents that change, and by `loradex.catalog.content_rows` for those seen for the first time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loradex.domain.evidence import Evidence, Source, effective
from loradex.domain.kinds import ModelKind

COLUMNS = (
    "name", "file_name", "kind", "base", "derivative", "state", "path", "copies", "tags", "words",
    "rating", "favourite", "matched", "content_level",
)  # fmt: skip
"""The columns of `content` that are derived."""

_STATE_ORDER = ("present", "growing", "unreadable", "offline", "missing")


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


class Word(NamedTuple):
    """A trigger word of one source."""

    text: str
    folded: str
    source: str
    position: int


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


@dataclass(slots=True)
class Told:
    """All that was told of one content. `places` come first seen first."""

    stored: Stored
    places: Sequence[Place] = ()
    facts: Iterable[Evidence] = ()
    tags: Sequence[str] = ()
    words: Sequence[Word] = ()
    note: Note | None = None
    matches: Sequence[HubText] = ()


class Derived(NamedTuple):
    """One content's derived columns in the order of `COLUMNS`, and its two full-text rows."""

    columns: tuple[object, ...]
    words: tuple[str, str, str, str, str]
    parts: tuple[str, str]


def derive(content_id: int, told: Told) -> Derived:
    """Return what follows from all that was told."""
    places = sorted(told.places, key=lambda place: _STATE_ORDER.index(place.state))
    counting = effective(told.facts)
    words = _words(told.words)
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
        len({(place.device, place.inode) for place in places if place.state == "present"}),
        json.dumps(told.tags, ensure_ascii=False) if told.tags else "[]",
        json.dumps(words, ensure_ascii=False) if words else "[]",
        note.rating if note else None,
        bool(note.favourite) if note else False,
        bool(told.matches),
        int(level) if level.isdecimal() else None,
    )
    about = " ".join(
        part
        for hub in told.matches
        for part in (hub.name, hub.version, hub.creator, hub.base_model, hub.tags)
        if part
    )
    return Derived(
        columns,
        (
            f"{name} {file_name}",
            " ".join(words),
            " ".join(told.tags),
            note.note if note else "",
            about,
        ),
        (name, path),
    )


def _names(
    content_id: int, stored: Stored, places: Sequence[Place], told: str | None
) -> tuple[str, str, str]:
    """Return name, file name and path; a content without a place keeps its last ones."""
    if not places:
        return told or stored.name or f"#{content_id}", stored.file_name, stored.path
    path = f"{places[0].root}/{places[0].path}"
    folder, _, file_name = path.rpartition("/")
    stem = file_name if stored.format == "diffusers" else file_name.rpartition(".")[0]
    stem = _SHARD.sub("", stem)
    if _SAYS_NOTHING.fullmatch(stem):
        stem = folder.rpartition("/")[2]
    return told or stem or file_name, file_name, path


_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_SAYS_NOTHING = re.compile(
    r"(diffusion_pytorch_model|pytorch_lora_weights|pytorch_model|adapter_model|model)"
    r"(\.(fp16|bf16|fp32|non_ema))*"
)
"""What libraries call every model they save: the folder is named by the person who keeps it."""


def _value(counting: dict[str, Evidence], field: str) -> str | None:
    fact = counting.get(field)
    return fact.value if fact else None


def _words(words: Sequence[Word]) -> list[str]:
    best: dict[str, str] = {}
    for word in sorted(words, key=lambda word: (Source(word.source).rank, word.position)):
        best.setdefault(word.folded, word.text)
    return list(best.values())
