"""What can stand at a place of a query: fields, and the values that a field knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from loradex.catalog.catalog import Catalog
from loradex.catalog.query.fields import ALIASES, BASE_WORDS, DERIVATIVES, FIELDS, KIND_WORDS
from loradex.catalog.query.sorts import SORTS
from loradex.catalog.query.words import LEVELS, PLACE_STATES, STATES
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.safety import Safety
from loradex.domain.verdicts import VerdictKind

MOST = 50

_OUTSIDE = {
    "sort": "the order: sort:size- for the largest first",
    "limit": "at most so many",
    "collection": "a collection by its name; collection: alone: in none",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A text that can stand there, and what it is."""

    text: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What can replace the characters from `start` to `end` of a query; of a field or a value."""

    start: int
    end: int
    offers: tuple[Offer, ...]
    of_value: bool

    def taken(self, query: str, index: int) -> tuple[str, int]:
        """Return the query with an offer in its place, and where the cursor goes."""
        text = self.offers[index].text
        return query[: self.start] + text + query[self.end :], self.start + len(text)


class Completer:
    """Completes queries on one catalog. What it read of the catalog it keeps: make a new one."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def at(self, query: str, cursor: int) -> Offers:
        """Return what can stand where the cursor is."""
        start = _token_start(query, cursor)
        token = query[start:cursor]
        bare = token.lstrip("-^(")
        start += len(token) - len(bare)
        field, colon, rest = bare.partition(":")
        if not colon:
            return self._offers(start, cursor, bare, self._fields(), of_value=False)
        value = rest.rpartition(",")[2]
        begin = cursor - len(value)
        known = self._values(field.lower())
        return self._offers(begin, cursor, value.removeprefix('"'), known, of_value=True)

    @staticmethod
    def _offers(
        start: int, end: int, typed: str, known: Iterable[Offer], *, of_value: bool
    ) -> Offers:
        """Return those that begin with what is typed, then those that hold it."""
        wanted = typed.casefold()
        every = list(known)
        begins = [each for each in every if each.text.casefold().startswith(wanted)]
        holds = [each for each in every if wanted in each.text.casefold() and each not in begins]
        found = [
            Offer(_quoted(each.text) if of_value else each.text, each.told)
            for each in (*begins, *(holds if of_value else ()))
            if each.text != typed
        ]
        return Offers(start, end, tuple(found[:MOST]), of_value)

    def _fields(self) -> list[Offer]:
        told = {name: field.help for name, field in FIELDS.items()} | _OUTSIDE
        own = [
            Offer(f"{each.name}:", f"your own: {each.type.value}")
            for each in self._catalog.fields.all()
        ]
        return [*(Offer(f"{name}:", told[name]) for name in sorted(told)), *own]

    def _values(self, name: str) -> Iterable[Offer]:
        name = ALIASES.get(name, name)
        if name in _FIXED:
            return _FIXED[name]
        live = self._live.get(name)
        if live is not None:
            return live()
        own = next((each for each in self._catalog.fields.all() if each.name == name), None)
        return [Offer(each) for each in own.choices] if own else ()

    @cached_property
    def _live(self) -> Mapping[str, Callable[[], list[Offer]]]:
        return {
            "tag": lambda: self._tags,
            "library": lambda: [
                Offer(each.name, each.root) for each in self._catalog.files.libraries()
            ],
            "collection": lambda: [
                Offer(each.name, each.query or "by hand")
                for each in self._catalog.collections.all()
            ],
        }

    @cached_property
    def _tags(self) -> list[Offer]:
        entries = [entry for entry in self._catalog.tags.entries() if entry.found]
        entries.sort(key=lambda entry: (-entry.found, entry.name))
        return [Offer(entry.name, f"{entry.found:,}") for entry in entries]


def _token_start(query: str, cursor: int) -> int:
    """Return where the term at the cursor begins; quotation marks hold spaces together."""
    start, quoted = 0, False
    for at, character in enumerate(query[:cursor]):
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = at + 1
    return start


def _quoted(text: str) -> str:
    plain = not any(character.isspace() or character == "," for character in text)
    return text if plain and not text.startswith('"') else f'"{text}"'


def _plain(texts: Iterable[str]) -> tuple[Offer, ...]:
    return tuple(Offer(text) for text in texts)


def _called(labels: Mapping[str, str], words: Mapping[str, str]) -> tuple[Offer, ...]:
    """Return ids with what they are called, then other words for them."""
    others = (Offer(word, id_) for word, id_ in words.items() if word not in labels)
    return (*(Offer(id_, label) for id_, label in labels.items()), *others)


_KINDS = _called({kind.value: kind.label for kind in ModelKind}, KIND_WORDS)
_BASES = _called({base.value: base.label for base in BaseModel}, BASE_WORDS)
_YES = _plain(("yes", "no"))
_AGES = (
    Offer("<7d", "in the last week"),
    Offer("<30d", "in the last month"),
    Offer("<1y", "in the last year"),
    Offer("..-30d", "longer ago than a month"),
)
_FIXED: Mapping[str, tuple[Offer, ...]] = {
    "kind": _KINDS,
    "base": (*_BASES, *_plain(DERIVATIVES), Offer("unknown")),
    "derivative": _plain(DERIVATIVES),
    "is": _plain(name for name in STATES if name != "favorite"),
    "state": _plain(PLACE_STATES),
    "safety": _plain(each.value for each in Safety),
    "verdict": _plain(each.value for each in VerdictKind),
    "level": _plain(name for name in LEVELS if name not in ("pg-13", "safe")),
    "nsfw": _YES,
    "favourite": _YES,
    "rating": (*_plain("54321"), Offer("4..", "four or five")),
    "sort": tuple(
        offer
        for name in SORTS
        for offer in (Offer(name), Offer(f"{name}-", "the other way round"))
    ),
    "size": (
        Offer(">1GB", "more than"),
        Offer("..100MB", "at most"),
        Offer("100MB..1GB", "from, to"),
    ),
    "added": _AGES,
    "changed": _AGES,
    "used": _AGES,
    "probed": _AGES,
    "trained": _AGES,
    "strength": (Offer("0.6..0.9", "from, to"),),
    "format": _plain(("safetensors", "gguf", "pickle", "diffusers")),
    "ext": _plain(("safetensors", "gguf", "pt", "ckpt", "bin", "pth")),
    "rank": (Offer("16.."), Offer("..8"), Offer("32")),
    "copies": (Offer(">1", "there more than once"),),
}  # fmt: skip
"""Values of fields that have the same ones in every catalog, and examples for numbers and dates."""
