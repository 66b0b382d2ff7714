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
from difflib import get_close_matches

from loradex.domain.axes import AxisKind
from loradex.errors import UsageError
from loradex.operations.grid_request import AxisRequest, GridRequest

_SHOWN = 40
_EXAMPLE = 'A line is a name and values: lora = ["neon_knight"], or strength = "0..1:0.25".'
_PLACES = ("x", "y", "pages")
_TEXTS = ("title", "dtype", "device", "few_steps")
_NOT_AXES = frozenset({*_PLACES, *_TEXTS, "baseline", "exclude", "approximate"})
LARGEST_TOML = 1 << 20
"""Characters of a description: ten thousand prompts of a hundred each."""


def read_toml(text: str, *, name: str = "the grid") -> GridRequest:
    """Return the request in `text`; `name` is for messages. Raises `UsageError`."""
    if len(text) > LARGEST_TOML:
        raise UsageError(f"{name} is too large for a description of a grid.")
    try:
        table = tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deep.") from error
    except ValueError as error:  # besides TOML's own: numbers of thousands of digits
        raise UsageError(f"{name} is no TOML: {error}.", hint=_EXAMPLE) from error
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
        approximate=_texts(table.get("approximate", []), "approximate", name),
        few_steps=_text(table, "few_steps", name),
    )


def write_toml(request: GridRequest) -> str:
    """Return `request` as TOML that `read_toml` gives back."""
    texts = {key: str(getattr(request, key)) for key in _TEXTS}
    lines = [f"{key} = {_quoted(text)}" for key, text in texts.items() if text not in ("", "auto")]
    if request.approximate:
        lines.append(f"approximate = {_list(request.approximate)}")
    if not request.baseline:
        lines.append("baseline = false")
    lines += [f"{key} = {_list(getattr(request, key))}" for key in _PLACES if getattr(request, key)]
    for axis in request.axes:
        if axis.kind is AxisKind.PROMPT_PART:
            lines += ["", "[[prompt_part]]", f"find = {_quoted(axis.find)}"]
            lines.append(f"values = {_list(axis.texts)}")
        else:
            lines.append(f"{axis.kind} = {_list(axis.texts)}")
    for rule in request.exclude:
        lines += ["", "[[exclude]]"]
        lines += [f"{kind} = {_list(values)}" for kind, values in rule.items()]
    return "\n".join(lines) + "\n"


def axis_kind(text: str, *, where: str = "", also: Iterable[str] = ()) -> AxisKind:
    """Return the kind of axis that `text` names; raise `UsageError` proposing the nearest.

    `where` begins the message; `also` are other names that could have been meant.
    """
    name = text.strip().casefold().replace("-", "_")
    try:
        return AxisKind(name)
    except ValueError:
        kinds = [kind.value for kind in AxisKind]
        near = get_close_matches(name, [*kinds, *also], n=2)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"It can vary {', '.join(kinds)}."
        message = f"{where}A grid cannot vary {text.strip()[:_SHOWN]!r}."
        raise UsageError(message, hint=hint) from None


def _kind(key: str, name: str) -> AxisKind:
    return axis_kind(key, where=f"{name}: ", also=_NOT_AXES)


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
    axes = []
    for table in value if isinstance(value, list) else [value]:
        fields: Mapping[str, object] = table if isinstance(table, dict) else {}
        find = fields.get("find")
        if not isinstance(find, str) or not find or fields.keys() != {"find", "values"}:
            raise UsageError(
                f"prompt_part in {name} needs `find` and `values`.",
                hint='[[prompt_part]], then find = "red" and values = ["red", "blue"].',
            )
        texts = _texts(fields["values"], "prompt_part.values", name)
        axes.append(AxisRequest(AxisKind.PROMPT_PART, texts, find))
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
