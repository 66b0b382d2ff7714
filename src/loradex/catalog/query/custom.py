"""Custom fields: their values as SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loradex.catalog.folding import folded
from loradex.catalog.query.builders import Field, like, yes
from loradex.catalog.query.condition import Condition, among, not_among
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Custom, Scene
from loradex.catalog.query.values import Range, date_range, number_range

_HELP: Mapping[str, str] = {
    "text": "part of a text; quoted, all of it",
    "number": "a number or a range: 4, >3, 2..5",
    "date": "a date or a range: 2026-01, -30d.., today",
    "flag": "yes or no",
    "choice": "one of its choices",
}


def custom_field(custom: Custom) -> Field:
    """Return how a custom field is asked for."""
    ids = f"SELECT content_id FROM custom_value WHERE field_id = {custom.id}"
    pattern = f"content.id IN ({ids} AND text_value REGEXP ?)"
    return Field(
        _BUILD[custom.type](custom, ids),
        f"content.id NOT IN ({ids})",
        _HELP[custom.type],
        pattern if custom.type in ("text", "choice") else None,
    )


def _text(_custom: Custom, ids: str) -> Callable[[Scene, Value], Condition]:
    return lambda _scene, value: among(
        f"{ids} AND folded_value LIKE ? ESCAPE '\\'", folded(like(value))
    )


def _choice(custom: Custom, ids: str) -> Callable[[Scene, Value], Condition]:
    def build(scene: Scene, value: Value) -> Condition:
        wanted = folded(value.text)
        known = {folded(choice): choice for choice in custom.choices}
        if wanted not in known:
            raise scene.unknown(value, f"choice of {custom.name}", known.values())
        return among(f"{ids} AND folded_value = ?", wanted)

    return build


def _flag(_custom: Custom, ids: str) -> Callable[[Scene, Value], Condition]:
    def build(scene: Scene, value: Value) -> Condition:
        if yes(scene, value):
            return among(f"{ids} AND number_value = 1")
        return not_among(f"{ids} AND number_value = 1")

    return build


def _ranged(read: Callable[[Scene, Value], Range], ids: str) -> Callable[[Scene, Value], Condition]:
    def build(scene: Scene, value: Value) -> Condition:
        sql, params = read(scene, value).sql("number_value")
        return among(f"{ids} AND ({sql})", *params)

    return build


def _number(_custom: Custom, ids: str) -> Callable[[Scene, Value], Condition]:
    return _ranged(lambda scene, value: number_range(scene.query, value), ids)


def _date(_custom: Custom, ids: str) -> Callable[[Scene, Value], Condition]:
    return _ranged(lambda scene, value: date_range(scene.query, value, scene.now), ids)


_BUILD: Mapping[str, Callable[[Custom, str], Callable[[Scene, Value], Condition]]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "flag": _flag,
    "choice": _choice,
}
