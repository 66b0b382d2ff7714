"""Templates of paths such as `{kind}/{base}/{creator|author}/{name}< - {version}>`.

What they are made of; `template_reading` reads them:

    {field}             what is known of the model under that name
    {one|other|"text"}  the first of these that is known; the text stands for itself, in ' or "
    {field:lower}       changed by a filter: lower, upper, ascii, dashes, cut(N); several in a row
    {tag(style,anime)}  some fields take words in brackets
    < ... >             left out unless all fields in it are known
    {{ and }}           braces; < and > can be in no name anyway

Values come from strangers' files and hubs. Each becomes part of one name and can never add a
folder, leave the library, or make a name that some disk or shell takes for something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loradex.domain.text import display_text

COMPONENT_BYTES = 120
STEM_BYTES = 180
"""A model's name without its suffix: with the longest suffix of a sidecar it stays below 255."""
DEPTH_LIMIT = 8
UNKNOWN = "unknown"
"""Stands for a value that is not known, in the name of a folder."""

# Not allowed in names on Windows and its file systems, which external disks often have.
FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Field:
    """What a template asks for: a field, with the words in its brackets."""

    name: str
    words: tuple[str, ...] = ()


Lookup = Callable[[Field], "str | None"]
"""Gives a field's value, None or nothing when it is not known."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the alternatives in braces: a field with its filters, or a text (`field` is None)."""

    field: Field | None
    text: str = ""
    filters: tuple[tuple[str, int], ...] = ()

    def value(self, lookup: Lookup) -> str | None:
        """Return its value, None when it is not known."""
        if self.field is None:
            return self.text
        value = lookup(self.field)
        for name, number in self.filters:
            value = FILTERS[name](value, number) if value else None
        return value or None


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: literal text, alternatives, or an optional part with pieces in it."""

    text: str = ""
    choices: tuple[Choice, ...] = ()
    optional: tuple[Part, ...] | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """The names that a template made."""

    folders: tuple[str, ...]
    name: str | None
    """The last one when it names the file; None for a template of folders only, and when nothing
    of it is known."""


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A template that was read. `parts` lists the pieces of each name, `/` between them."""

    text: str
    parts: tuple[Part, ...]
    names_file: bool
    """The last name is the file's, without suffix; else all are folders."""

    @property
    def keeps_names(self) -> bool:
        """True when files keep the names they have."""
        last = self.text.rpartition("/")[2]
        return not self.names_file or last == "{file}"

    @property
    def fields(self) -> frozenset[str]:
        """The fields it asks for."""
        return frozenset(_asked(self.parts))

    def fill(self, lookup: Lookup) -> Filled:
        """Return the names for one model."""
        names = _Names()
        names.add(self.parts, lookup)
        *folders, last = names.done
        made = [_folder(pieces) for pieces in folders]
        if not self.names_file:
            made.append(_folder(last))
        return Filled(
            tuple(name for name in made if name),
            _stem(last) if self.names_file else None,
        )


_Piece = tuple[str, bool]
"""A text, and whether it is known: one that is not known is empty."""


class _Names:
    """The names of a path in the making: a `/` of the template's own text begins another one."""

    def __init__(self) -> None:
        self.done: list[list[_Piece]] = [[]]

    def add(self, parts: Sequence[Part], lookup: Lookup) -> None:
        for part in parts:
            if part.optional is not None:
                if _all_known(part.optional, lookup):
                    self.add(part.optional, lookup)
            elif part.choices:
                value = _value(part, lookup)
                self.done[-1].append((value or "", value is not None))
            else:
                first, *others = part.text.split("/")
                self.done[-1].append((first, True))
                self.done += [[(other, True)] for other in others]


def _value(part: Part, lookup: Lookup) -> str | None:
    values = (choice.value(lookup) for choice in part.choices)
    return next((value for value in values if value is not None), None)


def _all_known(parts: Sequence[Part], lookup: Lookup) -> bool:
    return all(bool(_value(part, lookup)) for part in parts if part.choices)


def _folder(pieces: Sequence[_Piece]) -> str:
    """Return the name of a folder, "" for one of which nothing is left."""
    text = "".join(text if known else UNKNOWN for text, known in pieces)
    return safe_component(text) if text else ""


def _stem(pieces: Sequence[_Piece]) -> str | None:
    """Return a file's name without suffix; what is not known is left out, with what it leaves."""
    text = "".join(text for text, _ in pieces)
    if not all(known for _, known in pieces):
        text = _SPACES.sub(" ", text).strip(" -_.,")
        if not any(known and text for text, known in pieces):
            return None
    return safe_component(text, STEM_BYTES) if text.strip() else None


def _asked(parts: Sequence[Part]) -> list[str]:
    names = []
    for part in parts:
        names += [choice.field.name for choice in part.choices if choice.field]
        names += _asked(part.optional or ())
    return names


def safe_component(text: str, limit: int = COMPONENT_BYTES) -> str:
    """Return a text as one name in a path that every disk takes and nobody has to quote.

    Control and invisible characters, separators and what Windows forbids become `_`; leading dots
    and spaces and trailing ones go; device names get a `_`; never empty, at most `limit` bytes.
    """
    visible = "".join("_" if display_text(char) != char else char for char in text)
    name = FORBIDDEN.sub("_", visible).strip(" ").lstrip(".")
    while len(name.encode()) > limit:
        name = name[:-1]
    name = name.strip(" ").rstrip(".").strip(" ")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or UNKNOWN


def _ascii(text: str, _number: int) -> str:
    """Return a text without accents and without what ASCII has not."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip()


FILTERS: Mapping[str, Callable[[str, int], str]] = {
    "lower": lambda text, _number: text.lower(),
    "upper": lambda text, _number: text.upper(),
    "ascii": _ascii,
    "dashes": lambda text, _number: _SPACES.sub("-", text.strip()),
    "cut": lambda text, number: text[:number].rstrip(),
}
"""What a text and a number become; the number is 0 for all but `cut`."""
