"""Keep recipes tied to contents: when pictures come, and when models come, change or go."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from loradex.catalog.recipe_matching import Decision, Wanted, decide
from loradex.catalog.recipe_names import Run, keys_of, learn_output_names, register

if TYPE_CHECKING:
    from sqlalchemy import Connection

_WANTED = "SELECT recipe_model.id, role, name, name_key, hash, version_id FROM recipe_model"


def reconnect(connection: Connection, content_ids: Iterable[int]) -> None:
    """Tie recipes to contents that are new or have changed, and count their uses again.

    Costs one look where there are no recipes, and a few for each content where there are. Called
    within the transaction that wrote the contents.
    """
    if connection.exec_driver_sql("SELECT 1 FROM recipe_model LIMIT 1").scalar() is None:
        return
    ids = set(content_ids)
    learn_output_names(connection, ids)
    models = _models_of(connection, ids)
    if models:
        count_uses(connection, connect(connection, models, ids) | ids)


def connect(
    connection: Connection, models: Collection[Wanted], among: Collection[int] | None = None
) -> set[int]:
    """Decide which contents these models are; return the contents that gained or lost some.

    With `among`, only these contents and those that were thought of before are candidates. A model
    stays the content that it was taken for by a name, although the file is called otherwise now.
    """
    ids = (json.dumps([model.id for model in models]),)
    before: dict[int, int | None] = {}
    thought_of: set[int] = set(among or ())
    for id_, content_id, candidates in connection.exec_driver_sql(
        "SELECT id, content_id, candidates FROM recipe_model"
        " WHERE id IN (SELECT value FROM json_each(?))",
        ids,
    ):
        before[id_] = content_id
        thought_of.update(json.loads(candidates))
        if content_id is not None:
            thought_of.add(content_id)
    known = register(
        runner(connection),
        names={model.name_key for model in models if model.name_key},
        hashes={model.hash for model in models if model.hash},
        versions={model.version_id for model in models if model.version_id},
        among=None if among is None else thought_of,
        held=[
            (model.name_key, content_id)
            for model in models
            if model.name_key and (content_id := before.get(model.id)) is not None
        ],
    )
    decisions = {model.id: decide(model, known) for model in models}
    connection.exec_driver_sql(
        "UPDATE recipe_model SET content_id = ?, matched_by = ?, confidence = ?, candidates = ?"
        " WHERE id = ?",
        [(*_row(decision), id_) for id_, decision in decisions.items()],
    )
    ends = [(before.get(id_), decision.content_id) for id_, decision in decisions.items()]
    return {id_ for pair in ends if pair[0] != pair[1] for id_ in pair if id_ is not None}


def settle(connection: Connection) -> None:
    """Connect and count what an import has left to do; nothing where there is nothing."""
    if connection.exec_driver_sql("SELECT 1 FROM recipe WHERE NOT counted").scalar() is None:
        return
    fresh = [Wanted(*row) for row in connection.exec_driver_sql(f"{_WANTED} WHERE matched_by = ''")]
    if fresh:
        learn_output_names(connection)
        connect(connection, fresh)
    touched = connection.exec_driver_sql(
        "SELECT DISTINCT content_id FROM recipe JOIN recipe_use ON recipe_id = recipe.id"
        " JOIN recipe_model ON recipe_model.id = recipe_model_id"
        " WHERE NOT counted AND content_id IS NOT NULL"
    )
    count_uses(connection, {row[0] for row in touched})
    connection.exec_driver_sql("UPDATE recipe SET counted = 1 WHERE NOT counted")


def count_uses(connection: Connection, content_ids: Collection[int]) -> None:
    """Write anew in how many pictures these contents were used."""
    ids = (json.dumps(sorted(content_ids)),)
    run = connection.exec_driver_sql
    run("DELETE FROM content_use WHERE content_id IN (SELECT value FROM json_each(?))", ids)
    run(
        "INSERT INTO content_use(content_id, uses, first_used, last_used, strength_low,"
        " strength_high) SELECT content_id, count(DISTINCT print), min(made_at), max(made_at),"
        " min(strength), max(strength) FROM recipe_model"
        " JOIN recipe_use ON recipe_model_id = recipe_model.id"
        " JOIN recipe ON recipe.id = recipe_id"
        " WHERE NOT own AND content_id IN (SELECT value FROM json_each(?)) GROUP BY content_id",
        ids,
    )


def forget_unnamed(connection: Connection) -> None:
    """Remove models that no recipe names any more."""
    connection.exec_driver_sql(
        "DELETE FROM recipe_model WHERE id NOT IN (SELECT recipe_model_id FROM recipe_use)"
    )


def runner(connection: Connection) -> Run:
    """Return what runs statements in this transaction."""
    return lambda sql, params: (tuple(row) for row in connection.exec_driver_sql(sql, params))


def _row(decision: Decision) -> tuple[object, ...]:
    candidates = json.dumps(list(decision.candidates[:50]))
    return (decision.content_id, decision.matched_by, decision.confidence, candidates)


def _models_of(connection: Connection, ids: Collection[int]) -> list[Wanted]:
    """Return the models that may be these contents, or were taken for them."""
    keys = keys_of(runner(connection), ids)
    run = connection.exec_driver_sql
    found = {
        row[0]: Wanted(*row)
        for column, values in (
            ("name_key", keys.names),
            ("version_id", keys.versions),
            ("content_id", ids),
        )
        for row in run(
            f"{_WANTED} WHERE {column} IN (SELECT value FROM json_each(?))",
            (json.dumps(list(values)),),
        )
    }
    # What begins a digest, or begins with it, lies in one stretch of the index.
    for row in run(
        f"{_WANTED} JOIN json_each(?) AS digest ON hash >= substr(digest.value, 1, 8)"
        " AND hash < digest.value || 'g'",
        (json.dumps(list(keys.digests)),),
    ):
        model = Wanted(*row)
        if model.hash in keys.digests or any(
            digest.startswith(model.hash) or model.hash.startswith(digest)
            for digest in keys.digests
        ):
            found[model.id] = model
    return list(found.values())
