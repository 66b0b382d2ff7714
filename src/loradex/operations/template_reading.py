"""Read templates of paths, and point at what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from loradex.domain.text import display_text
from loradex.errors import QueryError
from loradex.operations.path_template import (
    DEPTH_LIMIT,
    FILTERS,
    FORBIDDEN,
    Choice,
    Field,
    Part,
    PathTemplate,
)

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CUT = re.compile(r"\((\d{1,3})\)")


class TemplateError(QueryError):
    """A template that cannot be read; knows the place."""


def read_path_template(
    text: str, fields: Mapping[str, bool] | Sequence[str], *, names_file: bool
) -> PathTemplate:
    """Read a template; raise `TemplateError` that points at what is wrong with it.

    `fields` are the fields there are; as a mapping it says which of them take words in brackets.
    With `names_file` the last name is the file's, unless the template ends with `/` (or `/>`).
    """
    takes = fields if isinstance(fields, Mapping) else dict.fromkeys(fields, False)
    only_folders = not names_file or text.endswith(("/", "/>"))
    reader = _Reader(text, takes)
    parts = reader.parts(optional=False)
    reader.check_names(parts, may_end=names_file and only_folders)
    return PathTemplate(text, parts, not only_folders)


class _Reader:
    """Reads a template from left to right; knows where it is."""

    def __init__(self, text: str, takes: Mapping[str, bool]) -> None:
        self._text = text
        self._takes = takes
        self._at = 0

    def parts(self, *, optional: bool) -> tuple[Part, ...]:
        """Read up to the end, or to the `>` of an optional part."""
        parts: list[Part] = []
        start = self._at
        while self._at < len(self._text):
            char, following = self._text[self._at], self._text[self._at + 1 : self._at + 2]
            if char in "{}" and following == char:
                parts.append(Part(char))
                self._at += 2
            elif char == "{":
                parts.append(self._braces())
            elif char == "}":
                raise self._wrong("A } without its {.", hint="Write }} for the brace itself.")
            elif char == "<" and not optional:
                self._at += 1
                parts.append(Part(optional=self.parts(optional=True)))
            elif char == ">" and optional:
                self._at += 1
                return tuple(parts)
            else:
                parts.append(Part(self._literal(char)))
        if optional:
            raise self._wrong("This < has no >.", at=start - 1)
        return tuple(parts)

    def _literal(self, char: str) -> str:
        if char in "<>":
            raise self._wrong(
                f"A {char} that belongs to nothing.",
                hint="An optional part is < ... >, not nested.",
            )
        if char != display_text(char) or (char != "/" and FORBIDDEN.match(char)):
            raise self._wrong('A name has none of < > : " \\ | ? *, and no invisible character.')
        self._at += 1
        return char

    def _braces(self) -> Part:
        start = self._at
        self._at += 1
        choices = [self._choice()]
        while self._next("|"):
            choices.append(self._choice())
        if not self._next("}"):
            if self._at >= len(self._text):
                raise self._wrong("This { has no }.", at=start)
            raise self._wrong("Here } or | or : should be.")
        return Part(choices=tuple(choices))

    def _choice(self) -> Choice:
        quote = self._text[self._at : self._at + 1]
        if quote in ("'", '"') and self._next(quote):
            end = self._text.find(quote, self._at)
            if end < 0:
                raise self._wrong(f"This {quote} has no second one.", at=self._at - 1)
            text, self._at = self._text[self._at : end], end + 1
            return Choice(None, text)
        start = self._at
        name = self._word("a field")
        if name not in self._takes:
            known = ", ".join(sorted(self._takes))
            raise self._wrong(
                f"There is no field {name!r}.", at=start, length=len(name), hint=f"Known: {known}."
            )
        words = self._words(name) if self._takes[name] else ()
        filters = []
        while self._next(":"):
            filters.append(self._filter())
        return Choice(Field(name, words), filters=tuple(filters))

    def _words(self, name: str) -> tuple[str, ...]:
        if not self._next("("):
            return ()
        end = self._text.find(")", self._at)
        if end < 0:
            raise self._wrong("This ( has no ).", at=self._at - 1)
        words = tuple(word.strip() for word in self._text[self._at : end].split(","))
        if not all(words):
            raise self._wrong(f"{name}( ) wants words with commas between.")
        self._at = end + 1
        return words

    def _filter(self) -> tuple[str, int]:
        start = self._at
        name = self._word("a filter")
        if name not in FILTERS:
            raise self._wrong(
                f"There is no filter {name!r}.",
                at=start,
                length=len(name),
                hint="Known: lower, upper, ascii, dashes, cut(N).",
            )
        if name != "cut":
            return name, 0
        match = _CUT.match(self._text, self._at)
        if match is None or not int(match[1]):
            raise self._wrong("cut wants a number, as in cut(40).", at=start, length=3)
        self._at = match.end()
        return name, int(match[1])

    def _word(self, what: str) -> str:
        match = _WORD.match(self._text, self._at)
        if match is None:
            raise self._wrong(f"Here {what} should be.")
        self._at = match.end()
        return match[0]

    def _next(self, char: str) -> bool:
        """Go over a character if it is the next one."""
        if self._text.startswith(char, self._at):
            self._at += 1
            return True
        return False

    def check_names(self, parts: Sequence[Part], *, may_end: bool) -> None:
        """Raise for a name of the template that is nothing, `.` or `..`, and for too many.

        The last one may be nothing where the template `may_end` with a `/`.
        """
        if not self._text:
            return
        names = [""]
        for part in _flat(parts):
            if part.choices:
                names[-1] += "x"
            else:
                first, *others = part.text.split("/")
                names[-1] += first
                names += others
        if may_end and not names[-1] and len(names) > 1:
            names.pop()
        for name in names:
            if name.strip() in ("", ".", ".."):
                place = self._text.find("//") + 1 if "//" in self._text else 0
                raise self._wrong(
                    "A name in it is nothing, or . or ..",
                    at=max(self._text.find(".."), place),
                    hint="Each name between two / wants a letter or a field.",
                )
        if len(names) > DEPTH_LIMIT + 1:
            raise self._wrong(f"It makes more than {DEPTH_LIMIT} folders.", hint="Use fewer.")

    def _wrong(
        self, message: str, *, at: int | None = None, length: int = 1, hint: str | None = None
    ) -> TemplateError:
        return TemplateError(
            f"The template cannot be read: {message}",
            query=self._text,
            position=min(self._at if at is None else at, max(len(self._text) - 1, 0)),
            length=length,
            hint=hint or "As in '{kind}/{base}/{creator|author}/{name}< - {version}>'.",
        )


def _flat(parts: Sequence[Part]) -> list[Part]:
    return [
        inner
        for part in parts
        for inner in (_flat(part.optional) if part.optional is not None else [part])
    ]
