"""What a path's template may ask for, and where it comes from."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from loradex.catalog.tidy_rows import Naming
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.operations.path_template import Field, Lookup

FIELDS: Mapping[str, bool] = {
    "kind": False,
    "base": False,
    "derivative": False,
    "hub_base": False,
    "creator": False,
    "author": False,
    "name": False,
    "version": False,
    "title": False,
    "rank": False,
    "dtype": False,
    "quantisation": False,
    "algorithm": False,
    "variant": False,
    "format": False,
    "tag": True,
    "rating": False,
    "year": False,
    "added": False,
    "published": False,
    "hash8": False,
    "file": False,
    "ext": False,
    "folder": False,
    "library": False,
    "field": True,
}
"""Every field, and whether it takes words in brackets. docs/tidying.md says what each is."""


def lookup_for(
    facts: Naming,
    own: Mapping[str, str],
    *,
    stem: str,
    suffix: str,
    folder: str,
    library: str,
) -> Lookup:
    """Return the values for one file of a content.

    `own` are a person's own fields; `stem`, `suffix` and `folder` are of the file as it is.
    """
    plain = _values(facts) | {
        "name": facts.model_name or stem,
        "file": stem,
        "ext": suffix.removeprefix("."),
        "folder": folder.rpartition("/")[2],
        "library": library,
    }

    def look_up(field: Field) -> str | None:
        if field.name == "tag":
            return _tag(facts, field.words)
        if field.name == "field":
            values = (own.get(word.casefold()) for word in field.words)
            return next((value for value in values if value), None)
        return plain[field.name]

    return look_up


def _values(facts: Naming) -> dict[str, str | None]:
    kind = ModelKind(facts.kind)
    added = time.localtime(facts.added_at)
    return {
        "kind": None if kind is ModelKind.UNKNOWN else kind.label,
        "base": BaseModel(facts.base).label if facts.base in set(BaseModel) else facts.base,
        "derivative": facts.derivative,
        "hub_base": facts.hub_base,
        "creator": facts.creator,
        "author": facts.author,
        "version": facts.version_name,
        "title": facts.title,
        "rank": None if facts.rank is None else str(facts.rank),
        "dtype": facts.dtype,
        "quantisation": facts.quantisation,
        "algorithm": facts.algorithm,
        "variant": facts.variant,
        "format": facts.format,
        "rating": None if facts.rating is None else str(facts.rating),
        "year": time.strftime("%Y", added),
        "added": time.strftime("%Y-%m-%d", added),
        "published": (facts.published_at or "")[:10] or None,
        "hash8": (facts.sha256 or "")[:8] or None,
    }


def _tag(facts: Naming, wanted: tuple[str, ...]) -> str | None:
    """Return the first tag, or the first of those that are wanted which it has."""
    tags = {str(tag).casefold(): str(tag) for tag in json.loads(facts.tags)}
    if not wanted:
        return next(iter(tags.values()), None)
    return next((tags[word.casefold()] for word in wanted if word.casefold() in tags), None)
