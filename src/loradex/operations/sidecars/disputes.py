"""What a person has said in loradex otherwise than in another tool, when its file is read.

Nobody can tell which is the newer word, so an export leaves the file's as it is until the person
decides. What they say in loradex after the file was read is newer, and goes there by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from loradex.domain.preferences import Preferences
from loradex.domain.sidecars import SidecarClaims
from loradex.domain.text import trained_words

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog


class Disputes:
    """Compares claims with what a person has said of these contents."""

    def __init__(self, catalog: Catalog, content_ids: Iterable[int]) -> None:
        ids = list(content_ids)
        self._people = catalog.sidecars.people(ids)
        self._words = catalog.sidecars.own_words(ids)
        self._preferences = catalog.preferences.own(ids)

    def of(self, content_id: int, claims: SidecarClaims) -> tuple[str, ...]:
        """Return what is disputed: `note`, `words`, `preferences`."""
        note, _ = self._people.get(content_id, ("", False))
        own = self._preferences.get(content_id, Preferences()).said()
        told = claims.preferences.said()
        found = {
            "note": bool(note and claims.note and note.strip() != claims.note),
            "words": content_id in self._words
            and bool(claims.words)
            and trained_words(claims.words) != self._words[content_id],
            "preferences": any(told[name] != own[name] for name in told if name in own),
        }
        return tuple(name for name, disputed in found.items() if disputed)
