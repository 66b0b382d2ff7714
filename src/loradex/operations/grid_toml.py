"""A grid as a TOML file: every axis a key, one value or a list of them.

title = "Knights"
lora = ["neon_knight", "query:tag:style rating:>=4"]
strength = "0..1.2:0.2"
prompt = ["a knight in a forest", "a street at night"]
trigger = ["on", "off"]
x = ["strength"]
pages = ["lora"]

[[prompt_part]]
find = "forest"
values = ["forest", "desert"]

[[exclude]]
lora = "neon_knight"
strength = 1.2
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping

from loradex.domain.axes import AxisKind
from loradex.errors import UsageError
from loradex.operations.grid_request import AxisRequest, GridRequest

_PLACES = ("x", "y", "pages")
_TEXTS = ("title", "dtype", "device")
_NOT_AXES = frozenset({*_PLACES, *_TEXTS, "baseline", "exclude"})
_LARGEST = 1 << 20


def read_toml(text: str, *, name: str = "the grid") -> GridRequest:
    """Return the request in `text`; `name` is for messages. Raises `UsageError`."""
    if len(text) > _LARGEST:
        raise UsageError(f"{name} is too large for a description of a grid.")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is no TOML: {error}.") from error
    axes: list[AxisRequest] = []
    for key, value in table.items():
        if key in _NOT_AXES:
            continue
        if key == AxisKind.PROMPT_PART:
            axes += _parts(value, name)
        else:
            axes.append(AxisRequest(_kind(key, name), _texts(value, key, name)))
    baseline = table.get("baseline", True)
    if not isinstance(baseline, bool):
        raise UsageError(f"baseline in {name} has to be true or false.")
    x, y, pages = (
        tuple(_kind(one, name) for one in _texts(table.get(key, []), key, name)) for key in _PLACES
    )
    return GridRequest(
        axes=tuple(axes),
        x=x,
        y=y,
        pages=pages,
        exclude=tuple(_rules(table.get("exclude", []), name)),
        baseline=baseline,
        dtype=_text(table, "dtype", name) or "auto",
        device=_text(table, "device", name) or "auto",
        title=_text(table, "title", name),
    )


def write_toml(request: GridRequest) -> str:
    """Return `request` as TOML that `read_toml` gives back."""
    lines = [f"{key} = {_quoted(getattr(request, key))}" for key in _TEXTS if getattr(request, key)]
    if not request.baseline:
        lines.append("baseline = false")
    lines += [f"{key} = {_list(getattr(request, key))}" for key in _PLACES if getattr(request, key)]
    plain: dict[AxisKind, list[str]] = {}
    for axis in request.axes:
        if axis.kind is not AxisKind.PROMPT_PART:
            plain.setdefault(axis.kind, []).extend(axis.texts)
    lines += [f"{kind} = {_list(texts)}" for kind, texts in plain.items()]
    for axis in request.axes:
        if axis.kind is AxisKind.PROMPT_PART:
            lines += ["", "[[prompt_part]]", f"find = {_quoted(axis.find)}"]
            lines.append(f"values = {_list(axis.texts)}")
    for rule in request.exclude:
        lines += ["", "[[exclude]]"]
        lines += [f"{kind} = {_list(texts)}" for kind, texts in rule.items()]
    return "\n".join(lines) + "\n"


def _kind(key: object, name: str) -> AxisKind:
    try:
        return AxisKind(str(key).replace("-", "_"))
    except ValueError:
        raise UsageError(
            f"{name} has {str(key)!r}, which a grid cannot vary.",
            hint=f"It can vary {', '.join(AxisKind)}.",
        ) from None


def _text(table: Mapping[str, object], key: str, name: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{key} in {name} has to be a text.")
    return value


def _texts(value: object, key: str, name: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = []
    for one in values:
        if isinstance(one, bool):
            texts.append("on" if one else "off")
        elif isinstance(one, int | float):
            texts.append(repr(one))
        elif isinstance(one, str):
            texts.append(one)
        else:
            raise UsageError(f"{key} in {name} has to be a text, a number or a list of them.")
    return tuple(texts)


def _parts(value: object, name: str) -> list[AxisRequest]:
    tables = value if isinstance(value, list) else [value]
    axes = []
    for table in tables:
        if not isinstance(table, dict) or not isinstance(table.get("find"), str):
            raise UsageError(
                f"prompt_part in {name} needs `find` and `values`.",
                hint='[[prompt_part]], then find = "red" and values = ["red", "blue"].',
            )
        texts = _texts(table.get("values", []), "prompt_part.values", name)
        axes.append(AxisRequest(AxisKind.PROMPT_PART, texts, table["find"]))
    return axes


def _rules(value: object, name: str) -> Iterable[Mapping[AxisKind, tuple[str, ...]]]:
    tables = value if isinstance(value, list) else [value]
    for table in tables:
        if not isinstance(table, dict) or not table:
            raise UsageError(f"exclude in {name} is a table of axes with values.")
        yield {_kind(key, name): _texts(one, key, name) for key, one in table.items()}


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(text) for text in texts) + "]"


def _quoted(text: str) -> str:
    """Return a TOML basic string: JSON's escapes are all known there, but for one character."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
