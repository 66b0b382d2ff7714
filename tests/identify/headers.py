"""Make headers of the real naming conventions from a few compact lines.

A line is `name shape [dtype]`: `{19}` in a name stands for the numbers 0 to 18, `{7-9}` for 7 to 9;
a shape is `9216x3072`, `-` for a scalar, `0` for an empty marker. Names get `.weight` unless they
end in `!`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from loradex.domain.header import FileFormat, Header, Tensor

_RANGE = re.compile(r"\{(?:(\d+)-)?(\d+)\}")
Shape = tuple[int, ...]


def shape(word: str) -> Shape:
    return () if word == "-" else tuple(int(side) for side in word.split("x"))


def names(pattern: str) -> list[str]:
    spans = [
        range(int(low), int(high) + 1) if low else range(int(high))
        for low, high in _RANGE.findall(pattern)
    ]
    blank = _RANGE.sub("{}", pattern)
    return [blank.format(*numbers) for numbers in itertools.product(*spans)]


def modules(text: str) -> dict[str, Shape]:
    lines = (line.split() for line in text.strip().splitlines() if line.strip())
    return {name: shape(size) for pattern, size, *_ in lines for name in names(pattern)}


def tensors(text: str, prefix: str = "", dtype: str = "F16") -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for line in text.strip().splitlines():
        if not line.strip():
            continue
        pattern, size, *kind = line.split()
        for name in names(pattern.removesuffix("!")):
            key = name if pattern.endswith("!") else f"{name}.weight"
            found[prefix + key] = Tensor(kind[0] if kind else dtype, shape(size))
    return found


def header(
    found: Mapping[str, Tensor],
    metadata: Mapping[str, str] | None = None,
    form: FileFormat = FileFormat.SAFETENSORS,
) -> Header:
    return Header(form, dict(found), dict(metadata or {}))


def full(
    text: str, prefix: str = "", dtype: str = "F16", metadata: Mapping[str, str] | None = None
) -> Header:
    """A whole model's header."""
    return header(tensors(text, prefix, dtype), metadata)


# Naming of the two halves: down, up, and whether dots of the module path become underscores.
PAIRS = {
    "kohya": (".lora_down.weight", ".lora_up.weight"),
    "peft": (".lora_A.weight", ".lora_B.weight"),
    "default": (".lora_A.default.weight", ".lora_B.default.weight"),
    "bare": (".lora_A", ".lora_B"),
    "old": (".lora.down.weight", ".lora.up.weight"),
    "linear": (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
}


def pairs(text: str, root: str = "", style: str = "peft", rank: int = 16) -> dict[str, Tensor]:
    """Low-rank pairs for every module of `text`; a root ending in `_` flattens the names."""
    down, up = PAIRS[style]
    found: dict[str, Tensor] = {}
    for name, size in modules(text).items():
        path = root + (name.replace(".", "_") if root.endswith("_") else name)
        found[path + down] = Tensor("BF16", (rank, *size[1:]))
        found[path + up] = Tensor("BF16", (size[0], rank, *(1 for _ in size[2:])))
        if style == "kohya":
            found[path + ".alpha"] = Tensor("BF16", ())
    return found


def lora(
    text: str,
    root: str = "",
    style: str = "peft",
    rank: int = 16,
    metadata: Mapping[str, str] | None = None,
) -> Header:
    return header(pairs(text, root, style, rank), metadata)


def suffixed(text: str, root: str, make: Mapping[str, str]) -> Header:
    """Other algorithms: `make` maps an ending to a shape, where `o` and `i` are the module's."""
    found: dict[str, Tensor] = {}
    for name, size in modules(text).items():
        path = root + name.replace(".", "_")
        for ending, form in make.items():
            sides = () if form == "-" else form.split("x")
            known = {"o": size[0], "i": size[1] if len(size) > 1 else 1}
            found[path + ending] = Tensor("F16", tuple(_side(side, known) for side in sides))
    return header(found)


def _side(word: str, known: Mapping[str, int]) -> int:
    number, slash, divisor = word.partition("/")
    value = known[number] if number in known else int(number)
    return value // int(divisor) if slash else value
