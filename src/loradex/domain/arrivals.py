"""What a person wants done with files that arrive in a library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArrivalRule:
    """A library's rule. It is for files that are first seen after it was set."""

    tags: tuple[str, ...] = ()
    auto_tag: bool = False
    """Tags that plugins propose are put on as well."""
    place_in: int | None = None
    """Id of the library that files are moved to; None leaves them where they arrive."""
    template: str = ""
    """Folders below the one for the file's kind, as in `{base}/{creator}`."""

    @property
    def does_nothing(self) -> bool:
        """True when nothing would ever be done."""
        return not (self.tags or self.auto_tag or self.place_in is not None)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A file that a rule has not dealt with yet. `content_id` is None while it cannot be read."""

    file_id: int
    state: str
    content_id: int | None
