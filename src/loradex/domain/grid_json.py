"""A grid's spec as JSON: all that is needed to ask for the same grid again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TypeVar

import msgspec

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import GridSpec, Layout
from loradex.domain.recipe import GridModel, GridPicture

_T = TypeVar("_T")


def spec_to_json(spec: GridSpec) -> str:
    """Return the spec as one line of ASCII; `spec_from_json` gives an equal one back.

    Numbers, texts, yes and no, and "without" (null) stand for themselves. A model, a picture and
    a size stand in an object that says which of them it is: `{"model": {…}}`.
    """
    facts = {
        "title": spec.title,
        "base": asdict(spec.base),
        "axes": [
            {
                "kind": axis.kind.value,
                "find": axis.find,
                "values": [{"label": v.label, "value": _plain(v.value)} for v in axis.values],
            }
            for axis in spec.axes
        ],
        "layout": asdict(spec.layout),
        "excluded": [
            {axis: sorted(numbers) for axis, numbers in rule.items()} for rule in spec.excluded
        ],
        "named": {name: asdict(model) for name, model in spec.named.items()},
        "embeddings": {name: asdict(model) for name, model in spec.embeddings.items()},
    }
    return json.dumps(facts, separators=(",", ":"), allow_nan=False)


def spec_from_json(text: str) -> GridSpec:
    """Return the spec that `spec_to_json` wrote, with numbers and texts in their own types.

    Fields that are not known are passed over, and missing ones take what is usual for them.
    Raises `ValueError`, naming the place, for what is no spec: no JSON, a field of another type
    or an axis of an unknown kind, and an excluded combination or layout of axes that are not
    there.
    """
    try:
        facts = json.loads(text, parse_constant=_no_number)
        return _spec(_read(facts, dict[str, object], "the spec"))
    except RecursionError as error:
        raise ValueError("the spec is nested too deep") from error


def _spec(facts: Mapping[str, object]) -> GridSpec:
    axes = tuple(
        _axis(axis, number)
        for number, axis in enumerate(_read(facts.get("axes"), list[dict[str, object]], "axes"))
    )
    spec = GridSpec(
        base=_read(facts.get("base"), Draft, "base"),
        axes=axes,
        layout=_read(facts.get("layout"), Layout, "layout"),
        excluded=tuple(
            {int(axis): numbers for axis, numbers in rule.items()}
            for rule in _read(
                facts.get("excluded", []), list[dict[str, frozenset[int]]], "excluded"
            )
        ),
        named=_read(facts.get("named", {}), dict[str, GridModel], "named"),
        embeddings=_read(facts.get("embeddings", {}), dict[str, GridModel], "embeddings"),
        title=_read(facts.get("title", ""), str, "title"),
    )
    _check_numbers(spec)
    return spec


def _plain(value: Value) -> object:
    if isinstance(value, GridModel):
        return {"model": asdict(value)}
    if isinstance(value, GridPicture):
        return {"picture": asdict(value)}
    return {"size": list(value)} if isinstance(value, tuple) else value


def _axis(facts: Mapping[str, object], number: int) -> Axis:
    place = f"axes[{number}]"
    values = _read(facts.get("values"), list[dict[str, object]], f"{place}.values")
    return Axis(
        kind=_read(facts.get("kind"), AxisKind, f"{place}.kind"),
        values=tuple(
            AxisValue(
                _value(value.get("value"), f"{place}.values[{at}]"),
                _read(value.get("label"), str, f"{place}.values[{at}].label"),
            )
            for at, value in enumerate(values)
        ),
        find=_read(facts.get("find", ""), str, f"{place}.find"),
    )


def _value(plain: object, place: str) -> Value:
    if plain is None or isinstance(plain, str | float | int):
        return plain
    (name, inner), *more = _read(plain, dict[str, object], place).items() or (("", None),)
    if name == "model" and not more:
        return _read(inner, GridModel, place)
    if name == "picture" and not more:
        return _read(inner, GridPicture, place)
    if name == "size" and not more:
        return _read(inner, tuple[int, int], place)
    raise ValueError(f"{place}: neither a model, a picture nor a size")


def _read(plain: object, kind: type[_T], place: str) -> _T:
    """Return what JSON gave as a `kind`; raise `ValueError` naming the place in the spec."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{place}: {error}") from error


def _check_numbers(spec: GridSpec) -> None:
    layout, axes = spec.layout, range(len(spec.axes))
    if sorted((*layout.x, *layout.y, *layout.pages)) != list(axes):
        raise ValueError("layout: not every axis once")
    if any(
        axis not in axes or not numbers <= set(range(spec.lengths[axis]))
        for rule in spec.excluded
        for axis, numbers in rule.items()
    ):
        raise ValueError("excluded: an axis or a value that is not there")


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")
