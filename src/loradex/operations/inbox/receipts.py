"""What was decided and what was there before: enough to take it back, today or later."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.paths import Home

KEPT = 20
"""Decisions that can be taken back from the command line, the latest first."""
_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """One decision. `moment` is when it was made, and its name."""

    moment: float
    what: str
    """As in `3 tags of 2 models`."""
    models: tuple[int, ...]
    """The models that it changed."""
    before: Mapping[str, Sequence[Sequence[object]]] = field(default_factory=dict)
    """Rows that it took the place of, by table."""
    new_tags: tuple[str, ...] = ()
    """Tags that it brought into the vocabulary."""


def keep(home: Home, receipt: Receipt) -> None:
    """Remember a decision; the oldest ones go when there are too many."""
    folder = home.root / "inbox"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{receipt.moment!r}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(receipt)), encoding="utf-8")
    part.replace(path)
    for moment in _moments(home)[KEPT:]:
        _drop(home, moment)


def latest(home: Home) -> Receipt | None:
    """Return the latest decision that was not taken back; None when there is none."""
    for moment in _moments(home):
        receipt = _read(home, moment)
        if receipt is not None:
            return receipt
    return None


def take_back(catalog: Catalog, receipt: Receipt) -> str:
    """Undo a decision exactly, and return a sentence about it."""
    catalog.inbox.take_back(receipt.moment, receipt.models, receipt.before, receipt.new_tags)
    _drop(catalog.home, receipt.moment)
    return f"Took back {receipt.what}."


def _moments(home: Home) -> list[float]:
    moments = []
    with suppress(OSError):
        for name in os.listdir(home.root / "inbox"):
            with suppress(ValueError):
                if name.endswith(".json"):
                    moments.append(float(name.removesuffix(".json")))
    return sorted(moments, reverse=True)


def _read(home: Home, moment: float) -> Receipt | None:
    """Return a decision, None when its file is not what was written."""
    path = home.root / "inbox" / f"{moment!r}.json"
    try:
        if path.stat().st_size > _LARGEST:
            return None
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Receipt(
            float(stored["moment"]),
            str(stored["what"]),
            tuple(int(each) for each in stored["models"]),
            {str(table): list(rows) for table, rows in stored["before"].items()},
            tuple(str(each) for each in stored["new_tags"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _drop(home: Home, moment: float) -> None:
    with suppress(OSError):
        (home.root / "inbox" / f"{moment!r}.json").unlink()
