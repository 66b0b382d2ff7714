"""Recipes read back: lists, one of them, uses of a model, and what is missing."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.recipe_matching import Wanted, decide
from loradex.catalog.recipe_names import register
from loradex.catalog.recipe_sources import hub_places
from loradex.domain.generation import ModelRole, NamedModel, name_key
from loradex.domain.picture_recipes import MissingModel, RecipeRecord, UsedModel, Uses
from loradex.errors import BadReference

if TYPE_CHECKING:
    from loradex.catalog.reader import Reader

_RECIPE = (
    "SELECT id, path, tool, made_at, own, prompt, negative_prompt, settings, problem FROM recipe"
)
_WITH = (
    "id IN (SELECT recipe_id FROM recipe_use JOIN recipe_model"
    " ON recipe_model.id = recipe_model_id WHERE content_id = ?)"
)
_USED = (
    "SELECT recipe_id, role, recipe_model.name, hash, version_id, model_id, strength,"
    " strength_clip, content_id, content.name, matched_by, recipe_model.confidence,"
    " recipe_model.candidates FROM recipe_use"
    " JOIN recipe_model ON recipe_model.id = recipe_model_id"
    " LEFT JOIN content ON content.id = content_id"
    " WHERE recipe_id IN (SELECT value FROM json_each(?)) ORDER BY recipe_id, position"
)
_MISSING = (
    "SELECT role, recipe_model.name, hash, version_id, model_id, matched_by,"
    " recipe_model.candidates, content.id, count(DISTINCT print) AS pictures, max(made_at),"
    " min(strength), max(strength) FROM recipe_model"
    " JOIN recipe_use ON recipe_model_id = recipe_model.id"
    " JOIN recipe ON recipe.id = recipe_id"
    " LEFT JOIN content ON content.id = content_id"
    " WHERE NOT own AND (content_id IS NULL OR content.state = 'missing')"
    " GROUP BY role, name_key, hash, version_id, model_id, content.id"
    " ORDER BY pictures DESC, max(made_at) DESC, recipe_model.id"
)


class RecipeRows:
    """Recipes, for reading only."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def recipes(
        self, content_id: int | None = None, *, limit: int | None = None, offset: int = 0
    ) -> list[RecipeRecord]:
        """Return recipes, the newest picture first; only those with this content when given."""
        where, params = ("tool <> ''", ()) if content_id is None else (_WITH, (content_id,))
        rows = self._reader.rows_of(
            f"{_RECIPE} WHERE {where} ORDER BY made_at DESC, id DESC LIMIT ? OFFSET ?",
            (*params, -1 if limit is None else limit, offset),
        )
        return self._records(rows)

    def count(self, content_id: int | None = None) -> int:
        """Return how many recipes there are, or have this content."""
        where, params = ("tool <> ''", ()) if content_id is None else (_WITH, (content_id,))
        rows = self._reader.rows_of(f"SELECT count(*) FROM recipe WHERE {where}", params)
        return int(str(rows[0][0]))

    def recipe(self, recipe_id: int) -> RecipeRecord:
        """Return one recipe; raise `BadReference` when there is none of that number."""
        rows = self._reader.rows_of(f"{_RECIPE} WHERE id = ? AND tool <> ''", (recipe_id,))
        for record in self._records(rows):
            return record
        raise BadReference(
            f"There is no recipe {recipe_id}.", hint="`loradex recipe list` lists them."
        )

    def recognise(self, models: Sequence[NamedModel]) -> list[UsedModel]:
        """Return which models of the library these are, without keeping anything."""
        wanted = [
            Wanted(n, m.role.value, m.name, name_key(m.name), m.hash, m.version_id)
            for n, m in enumerate(models)
        ]
        known = register(
            self._reader.rows_of,
            names={each.name_key for each in wanted if each.name_key},
            hashes={each.hash for each in wanted if each.hash},
            versions={each.version_id for each in wanted if each.version_id},
        )
        decisions = [decide(each, known) for each in wanted]
        ids = [each.content_id for each in decisions if each.content_id is not None]
        names = {row.id: row.name for row in self._reader.rows(ids)}
        return [
            UsedModel(
                role=model.role,
                name=model.name,
                hash=model.hash,
                version_id=model.version_id,
                model_id=model.model_id,
                strength=model.strength,
                strength_clip=model.strength_clip,
                content_id=decision.content_id,
                content_name=names.get(decision.content_id or 0),
                matched_by=decision.matched_by,
                confidence=decision.confidence,
                candidates=decision.candidates,
            )
            for model, decision in zip(models, decisions, strict=True)
        ]

    def uses(self, content_id: int) -> Uses | None:
        """Return in how many pictures a content was used, None when in none."""
        rows = self._reader.rows_of(
            "SELECT uses, first_used, last_used, strength_low, strength_high FROM content_use"
            " WHERE content_id = ?",
            (content_id,),
        )
        return Uses(*rows[0]) if rows else None  # type: ignore[arg-type]

    def partners(self, content_id: int, most: int) -> list[tuple[int, str, str, int]]:
        """Return what a content was used together with: id, name, kind and in how many pictures."""
        rows = self._reader.rows_of(
            "SELECT content.id, content.name, content.kind, count(DISTINCT print) AS pictures"
            " FROM recipe_model AS mine JOIN recipe_use AS my_use"
            " ON my_use.recipe_model_id = mine.id JOIN recipe ON recipe.id = my_use.recipe_id"
            " JOIN recipe_use AS other ON other.recipe_id = recipe.id"
            " JOIN recipe_model AS theirs ON theirs.id = other.recipe_model_id"
            " JOIN content ON content.id = theirs.content_id"
            " WHERE mine.content_id = ?1 AND theirs.content_id <> ?1 AND NOT own"
            " GROUP BY content.id ORDER BY pictures DESC, content.id LIMIT ?2",
            (content_id, most),
        )
        return [(int(str(r[0])), str(r[1]), str(r[2]), int(str(r[3]))) for r in rows]

    def missing(self) -> list[MissingModel]:
        """Return what recipes name and the library lacks, the most used first.

        With what hubs have told before of where it can be had; nothing is asked.
        """
        rows = self._reader.rows_of(_MISSING)
        wanted = [(str(r[2]), int(str(r[3])), str(r[1])) for r in rows]
        places = hub_places(self._reader, wanted)
        return [_missing(row, places) for row in rows]

    def asked_lately(self, hub: str, digests: Collection[str]) -> set[str]:
        """Return those of these digests that a hub did not know, and need not be asked again."""
        rows = self._reader.rows_of(
            "SELECT digest FROM miss WHERE hub = ? AND retry_at > ?"
            " AND digest IN (SELECT value FROM json_each(?))",
            (hub, time.time(), json.dumps(list(digests))),
        )
        return {str(row[0]) for row in rows}

    def pictures_below(self, folder: bytes) -> list[tuple[int, bytes]]:
        """Return id and path of each picture that was read in a folder and below it."""
        prefix = folder.rstrip(b"/") + b"/"
        rows = self._reader.rows_of(
            "SELECT id, raw_path FROM recipe WHERE raw_path >= ? AND raw_path < ?",
            (prefix, prefix[:-1] + b"0"),
        )
        return [(int(str(row[0])), bytes(row[1])) for row in rows]  # type: ignore[call-overload]

    def _records(self, rows: Sequence[tuple[object, ...]]) -> list[RecipeRecord]:
        ids = json.dumps([row[0] for row in rows])
        models: dict[object, list[UsedModel]] = defaultdict(list)
        for row in self._reader.rows_of(_USED, (ids,)):
            models[row[0]].append(_used(row[1:]))
        return [_record(row, models.get(row[0], [])) for row in rows]


def _record(row: Sequence, models: Sequence[UsedModel]) -> RecipeRecord:  # type: ignore[type-arg]
    return RecipeRecord(
        id=row[0],
        path=row[1],
        tool=row[2],
        made_at=row[3],
        own=bool(row[4]),
        prompt=row[5],
        negative_prompt=row[6],
        settings=json.loads(row[7]),
        problem=row[8],
        models=tuple(models),
    )


def _used(row: Sequence) -> UsedModel:  # type: ignore[type-arg]
    return UsedModel(
        role=ModelRole(row[0]),
        name=row[1],
        hash=row[2],
        version_id=row[3],
        model_id=row[4],
        strength=row[5],
        strength_clip=row[6],
        content_id=row[7],
        content_name=row[8],
        matched_by=row[9] if row[7] is not None or row[9] in _REASONS else "none",
        confidence=row[10] if row[7] is not None else 0.0,
        candidates=tuple(json.loads(row[11])),
    )


_REASONS = ("ambiguous", "other bytes")
"""Why a name that somebody bears was not taken; otherwise what was taken is gone."""


def _missing(row: Sequence, places: dict) -> MissingModel:  # type: ignore[type-arg]
    why = "gone" if row[7] is not None else row[5] if row[5] in _REASONS else "unknown"
    return MissingModel(
        role=ModelRole(row[0]),
        name=row[1],
        hash=row[2],
        version_id=row[3],
        model_id=row[4],
        why=why,
        candidates=tuple(json.loads(row[6])) if row[7] is None else (row[7],),
        pictures=row[8],
        last=row[9],
        strength_low=row[10],
        strength_high=row[11],
        sources=tuple(places.get((row[2], row[3], row[1]), ())),
    )
