"""`GET /models`: what is asked for, in which order, and which page of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from loradex.domain.content_level import PG
from loradex.serving.answers import Refused, bad_parameter
from loradex.serving.shelf import Model, Shelf

MOST_PER_PAGE = 100
MOST_IDS = 1_000
_LONGEST_TEXT = 500
_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off", "")

SortKey = Callable[[Model], tuple[int, ...]]

_SORTS: Mapping[str, SortKey] = {
    "Highest Rated": lambda m: (m.likes, m.downloads, m.id),
    "Most Downloaded": lambda m: (m.downloads, m.likes, m.id),
    "Most Liked": lambda m: (m.likes, m.downloads, m.id),
    "Newest": lambda m: (int(m.added_at * 1000), 0, m.id),
    "Oldest": lambda m: (-int(m.added_at * 1000), 0, -m.id),
}
"""The others (most discussed …) are about what only the hub knows, and sort like the first."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for models. Empty fields restrict nothing."""

    limit: int
    cursor: tuple[int, ...] | None
    sort: SortKey
    text: str
    tag: str
    username: str
    types: frozenset[str]
    bases: frozenset[str]
    ids: frozenset[int] | None
    version_ids: frozenset[int] | None
    mature: bool
    primary_only: bool

    @classmethod
    def of(cls, query: QueryParams) -> Listing:
        """Return what `query` asks for; raise `Refused` for a parameter that makes no sense.

        Parameters about things that are not known here (period, favourites …) change nothing.
        """
        cursor = query.get("cursor")
        return cls(
            limit=limit_in(query, default=MOST_PER_PAGE, most=MOST_PER_PAGE, least=0),
            cursor=_cursor(cursor) if cursor else None,
            sort=_SORTS.get(query.get("sort", ""), _SORTS["Highest Rated"]),
            text=query.get("query", "")[:_LONGEST_TEXT].casefold(),
            tag=query.get("tag", "").casefold(),
            username=_user(query.get("username", "")),
            types=frozenset(query.getlist("types")),
            bases=frozenset(query.getlist("baseModels")),
            ids=_ids(query, "ids"),
            version_ids=_ids(query, "modelVersionIds"),
            mature=flag_in(query, "nsfw"),
            primary_only=flag_in(query, "primaryFileOnly"),
        )

    def unknown_user(self, shelf: Shelf) -> bool:
        """Tell whether models of a creator are asked for of whom there are none."""
        creators = (model.creator or "" for model in shelf.models.values())
        return bool(self.username) and all(_user(name) != self.username for name in creators)

    def page(self, shelf: Shelf) -> tuple[list[Model], str | None]:
        """Return the models of this page and the cursor of the next, None on the last one."""
        found = sorted(((self.sort(m), m.id, m) for m in self._found(shelf)), reverse=True)
        if self.cursor is not None:
            found = [entry for entry in found if entry[0] < self.cursor]
        shown = found[: self.limit]
        more = len(found) > len(shown) and shown
        return [m for *_, m in shown], "|".join(map(str, shown[-1][0])) if more else None

    def _found(self, shelf: Shelf) -> Iterable[Model]:
        models: Iterable[Model] = shelf.models.values()
        if self.ids is not None:
            models = [shelf.models[id_] for id_ in self.ids if id_ in shelf.models]
        words = self.text.split()
        for model in models:
            if (
                all(word in model.text for word in words)
                and (not self.tag or any(tag.casefold() == self.tag for tag in model.tags))
                and (not self.username or _user(model.creator or "") == self.username)
                and (not self.types or model.type in self.types)
                and (self.mature or model.level & PG)
                and (
                    self.version_ids is None
                    or any(version.id in self.version_ids for version in model.versions)
                )
            ):
                kept = self._of_bases(model)
                if kept.versions:
                    yield kept

    def _of_bases(self, model: Model) -> Model:
        if not self.bases:
            return model
        return replace(model, versions=tuple(v for v in model.versions if v.base in self.bases))


def limit_in(query: QueryParams, *, default: int, most: int, least: int = 1) -> int:
    """Return the `limit` of a request; raise `Refused` when it is none."""
    return number_in(query, "limit", default=default, least=least, most=most)


def number_in(query: QueryParams, name: str, *, default: int, least: int, most: int) -> int:
    """Return a whole number of a request; raise `Refused` when it is none or out of bounds."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise Refused(bad_parameter(name, f"Invalid input: expected number >={least} and <={most}"))
    return int(text)


def flag_in(query: QueryParams, name: str) -> bool:
    """Return a yes or no of a request, no when it is absent; raise `Refused` when it is neither."""
    text = query.get(name, "").lower()
    if text not in _TRUE + _FALSE:
        raise Refused(bad_parameter(name, "Invalid boolean"))
    return text in _TRUE


def _ids(query: QueryParams, name: str) -> frozenset[int] | None:
    texts = [text for value in query.getlist(name) for text in value.split(",")]
    if not texts:
        return None
    if len(texts) > MOST_IDS or not all(re.fullmatch(r"\d{1,10}", t, re.ASCII) for t in texts):
        raise Refused(bad_parameter(name, "Invalid input: expected numbers"))
    return frozenset(map(int, texts))


def _cursor(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"-?\d{1,18}(\|-?\d{1,18}){2}", text, re.ASCII):
        raise Refused(bad_parameter("cursor", "Invalid cursor: expected 3 value(s) for this sort"))
    return tuple(int(part) for part in text.split("|"))


def _user(name: str) -> str:
    return re.sub(r"[^\w]", "", name.strip().replace(" ", "_", 1)).casefold()
