"""The tags that rules and plugins put on models: what there is, and changes to it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks
from loradex.catalog.tag_names import named_tags
from loradex.catalog.writer import BULK
from loradex.domain.evidence import Source
from loradex.domain.tags import fold_tag
from loradex.domain.text import storable

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

REASON_LIMIT = 1_024

_RULES_OWN = (
    "SELECT content_id, tag.name, tag.folded, rule, confidence, detail FROM content_tag"
    " JOIN tag ON tag.id = tag_id WHERE source = 'auto' AND content_id IN ({marks})"
)
_SAID = (
    "SELECT content_id, tag.folded, max(removed), max(source <> 'auto') FROM content_tag"
    " JOIN tag ON tag.id = tag_id WHERE content_id IN ({marks}) GROUP BY content_id, tag_id"
)


@dataclass(frozen=True, slots=True)
class AutoTag:
    """A tag that rules give one model: the surest rule, how sure it is, and all reasons."""

    tag: str
    rule: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class TagsKnown:
    """What tags one model has. All keys are folded."""

    auto: Mapping[str, AutoTag]
    others: frozenset[str]
    """Those that show and that something else than a rule gave."""
    removed: frozenset[str]
    """Those that a person took off."""


@dataclass(frozen=True, slots=True)
class AutoChange:
    """What changes on one model. Tags of `removed` are folded."""

    content_id: int
    put: tuple[AutoTag, ...]
    removed: tuple[str, ...]


class AutoTagStore:
    """Reads and writes tags of the source `auto`; no other source's are touched."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def known(self, content_ids: Sequence[int]) -> dict[int, TagsKnown]:
        """Return what tags these models have; those without any are left out."""
        auto: dict[int, dict[str, AutoTag]] = {}
        others: dict[int, set[str]] = {}
        removed: dict[int, set[str]] = {}
        with self._reader.connection() as connection:
            for some in chunks(content_ids):
                marks, ids = ",".join("?" * len(some)), tuple(some)
                for id_, name, folded, *rest in connection.execute(
                    _RULES_OWN.format(marks=marks), ids
                ):
                    auto.setdefault(id_, {})[folded] = AutoTag(name, *rest)
                for id_, folded, is_removed, by_others in connection.execute(
                    _SAID.format(marks=marks), ids
                ):
                    if is_removed:
                        removed.setdefault(id_, set()).add(folded)
                    elif by_others:
                        others.setdefault(id_, set()).add(folded)
        return {
            id_: TagsKnown(
                auto.get(id_, {}),
                frozenset(others.get(id_, ())),
                frozenset(removed.get(id_, ())),
            )
            for id_ in {**auto, **others, **removed}
        }

    def write(self, changes: Sequence[AutoChange]) -> None:
        """Write these changes in one transaction; names that a person deleted are passed over."""
        now = time.time()
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            ids = named_tags(connection, (tag.tag for each in changes for tag in each.put))
            gone = [(each.content_id, folded) for each in changes for folded in each.removed]
            if gone:
                run(
                    "DELETE FROM content_tag WHERE source = 'auto' AND content_id = ?"
                    " AND tag_id = (SELECT id FROM tag WHERE folded = ?)",
                    gone,
                )
            put = [
                (
                    each.content_id,
                    ids[fold_tag(tag.tag)],
                    Source.AUTO.value,
                    tag.confidence,
                    storable(tag.reason, REASON_LIMIT),
                    tag.rule,
                    now,
                )
                for each in changes
                for tag in each.put
                if fold_tag(tag.tag) in ids
            ]
            if put:
                run(
                    "INSERT INTO content_tag(content_id, tag_id, source, removed, confidence,"
                    " detail, rule, added_at) VALUES (?, ?, ?, 0, ?, ?, ?, ?)"
                    " ON CONFLICT(content_id, tag_id, source) DO UPDATE SET"
                    " confidence = excluded.confidence, detail = excluded.detail,"
                    " rule = excluded.rule",
                    put,
                )
            self._writer.refresh(connection, [each.content_id for each in changes])


def portions(changes: Sequence[AutoChange]) -> list[Sequence[AutoChange]]:
    """Cut changes into what is written in one transaction: others who write wait a second."""
    return [changes[start : start + BULK] for start in range(0, len(changes), BULK)]
