"""Which one of several to keep, and the reason in words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loradex.catalog.duplicate_rows import Facts
from loradex.domain.duplicates import Alike, Copy
from loradex.domain.file_names import like_a_copy
from loradex.operations.duplicates.copies import OTHER_NAMES, OUTSIDE_LINK

_COPY_WORDS = frozenset(
    {"copy", "copies", "duplicate", "duplicates", "backup", "backups", "bak", "old", "trash",
     "tmp", "temp", "download", "downloads"}
)  # fmt: skip
"""Words in a path that say that this is not where the file belongs."""
_PATH_WORD = re.compile(r"[a-z]+|\(\d+\)")


@dataclass(frozen=True, slots=True)
class Contender:
    """A content that may be kept."""

    facts: Facts
    worth: tuple[float, ...]
    """How much its trait speaks for it: the greater, the more."""
    proven: bool
    """Its file was read in full."""


_Rate = Callable[[Contender], object]
_Rule = tuple[_Rate, str]


def _liking(one: Contender) -> tuple[bool, float]:
    """A favourite first, then by stars; one or two of them are worse than none."""
    yours = one.facts.yours
    return yours.favourite, 2.5 if yours.rating is None else float(yours.rating)


def _published(one: Contender) -> tuple[str, int]:
    hub = one.facts.hub
    return (hub.published_at or "", hub.version_id) if hub else ("", 0)


_PROVEN: _Rule = (lambda one: one.proven, "it was read in full")
_LIKED: _Rule = (_liking, "you like it best")
_SAID: _Rule = (lambda one: bool(one.facts.yours), "it carries your notes, tags or tests")
_MATCHED: _Rule = (lambda one: one.facts.matched, "the hub knows it")
_FIRST: _Rule = (lambda one: -one.facts.id, "it has been in the catalog longest")


def _worth(reason: str) -> _Rule:
    return (lambda one: one.worth, reason)


_RULES: Mapping[Alike, Sequence[_Rule]] = {
    Alike.TENSORS: (
        _PROVEN, _LIKED, _SAID, _MATCHED,
        (lambda one: one.facts.header_bytes, "it tells most about itself"), _FIRST,
    ),
    Alike.EPOCHS: (_LIKED, _SAID, _worth("the training went furthest in it"), _MATCHED, _FIRST),
    Alike.PRECISIONS: (
        _LIKED, _SAID, _worth("pictures need no more than this, and less cannot be undone"),
        _MATCHED, (lambda one: -one.facts.size, "it is the smallest of equals"), _FIRST,
    ),
    Alike.FORMATS: (
        (lambda one: one.facts.format == "safetensors", "loading it cannot run code"),
        _LIKED, _SAID, _MATCHED, _FIRST,
    ),
    Alike.VERSIONS: (_LIKED, _SAID, (_published, "it is the newest"), _FIRST),
}  # fmt: skip


def best(alike: Alike, contenders: Sequence[Contender]) -> tuple[int, str]:
    """Return the place of the one to keep, and why: the first rule that sets it apart."""
    rules = _RULES[alike]
    left = list(range(len(contenders)))
    reason = rules[-1][1]
    for rate, words in rules:
        rates = {place: rate(contenders[place]) for place in left}
        highest = max(rates.values())  # type: ignore[type-var]
        kept = [place for place in left if rates[place] == highest]
        if len(kept) < len(left):
            reason = words
        left = kept
        if len(left) == 1:
            break
    return left[0], reason


def best_copies(copies: Sequence[Copy]) -> tuple[list[Copy], str]:
    """Return files of the same bytes, the one to keep first, and why that one."""
    common = len(os.path.commonpath([copy.path for copy in copies]))
    rules: tuple[tuple[Callable[[Copy], object], str], ...] = (
        (lambda copy: not copy.proven, "it was read in full"),
        (lambda copy: copy.note == OUTSIDE_LINK, "it lies in the library itself"),
        (lambda copy: copy.note != OTHER_NAMES, "removing it would free nothing"),
        (lambda copy: -len(copy.names), "more names lead to it"),
        (
            lambda copy: _like_a_copy(copy.path[common:]),
            "only its path is not that of a copy",
        ),
        (lambda copy: copy.mtime, "it is the oldest"),
        (lambda copy: copy.path.count("/"), "it lies least deep"),
        (lambda copy: (len(copy.path), copy.path), "its path is the shortest"),
    )
    rates = {id(copy): [rate(copy) for rate, _ in rules] for copy in copies}
    ranked = sorted(copies, key=lambda copy: rates[id(copy)])
    first = rates[id(ranked[0])]
    for place, (_, words) in enumerate(rules):
        if any(rates[id(copy)][place] != first[place] for copy in ranked[1:]):
            return ranked, words
    return ranked, "any is as good"


def _like_a_copy(path: str) -> bool:
    words = _PATH_WORD.findall(path.lower())
    named = like_a_copy(Path(path).stem)
    return named or any(word[0] == "(" or word in _COPY_WORDS for word in words)


def version_trait(facts: Facts) -> str:
    """Return the name of the hub's version, and when it came out."""
    if facts.hub is None:
        return ""
    try:
        day = datetime.fromisoformat(facts.hub.published_at or "").date().isoformat()
    except ValueError:
        return facts.hub.version_name
    return f"{facts.hub.version_name}, {day}"
