"""Which models a plan is about: what a query finds, or some of that."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError

LARGEST = 32 * 1024 * 1024
"""Bytes of a list of models that are read."""


def chosen_ids(catalog: Catalog, query: str, models: Collection[int] | None) -> list[int]:
    """Return what a query finds, of that only `models` unless None. Raises `QueryError`."""
    if models is not None and not query.strip():
        return sorted(models)
    ids = catalog.ids(query)
    return ids if models is None else [id_ for id_ in ids if id_ in models]


def about_models(models: Collection[int] | None) -> dict[str, object]:
    """Return what tells one choice of models from another; nothing when all are meant."""
    if models is None:
        return {}
    numbers = ",".join(map(str, sorted(models)))
    digest = hashlib.sha256(numbers.encode()).hexdigest()[:16]
    return {"models": len(models), "models_digest": digest}


def read_models(text: bytes) -> frozenset[int]:
    """Read the numbers of models, with spaces or lines between; raise `UsageError`."""
    if len(text) > LARGEST:
        raise UsageError("The list of models is too long.", hint="Use a query.")
    numbers = set()
    for word in text.split():
        if not word.isdigit() or len(word) > 18:
            raise UsageError(
                "The list of models has something in it that is no number.",
                hint="It wants the numbers that `loradex list` shows, one a line.",
            )
        numbers.add(int(word))
    return frozenset(numbers)
