"""The parameter text that A1111 writes into pictures: build it, and read it back.

The format is a convention, not a standard: prompt lines, an optional `Negative prompt:` part, and
one last line of `Name: value` pairs. A value holding a comma, colon or line break is a JSON
string; the `Hashes` value is a bare JSON object of strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NEGATIVE = "Negative prompt:"
_HASHES = re.compile(r",?\s*Hashes:\s*(\{[^{}]{0,65536}\})")
_FIELD = re.compile(r'\s*([A-Za-z0-9_][\w \-/]{0,63}?):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_FEWEST_FIELDS = 3
"""A last line with fewer pairs than this is part of the prompt, as A1111 reads it."""


@dataclass(frozen=True, slots=True)
class Infotext:
    """What a picture's parameter text says.

    `fields` keeps the order of the pairs (`Steps`, `Sampler`, `Seed` …); `hashes` maps `model`
    and `lora:<name>` to a short digest.
    """

    prompt: str
    negative_prompt: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def lora_hashes(self) -> dict[str, str]:
        """The `Lora hashes` field as name to digest; empty when there is none."""
        pairs: dict[str, str] = {}
        for part in self.fields.get("Lora hashes", "").split(","):
            name, colon, digest = part.rpartition(":")
            if colon and name.strip():
                pairs[name.strip()] = digest.strip()
        return pairs


def format_infotext(info: Infotext) -> str:
    """Return `info` as A1111 parameter text; `parse_infotext` gives it back.

    Two things the format itself cannot hold: a prompt line that begins with `Negative prompt:`,
    and white space at either end of a prompt.
    """
    pairs = [f"{name}: {_quoted(value)}" for name, value in info.fields.items()]
    if info.hashes:
        table = json.dumps(dict(info.hashes), ensure_ascii=False)
        pairs.append(f"Hashes: {table}")
    lines = [info.prompt]
    if info.negative_prompt:
        lines.append(f"{_NEGATIVE} {info.negative_prompt}")
    lines.append(", ".join(pairs))
    return "\n".join(lines)


def parse_infotext(text: str) -> Infotext:
    """Read A1111 parameter text; what cannot be read as pairs is part of the prompt."""
    lines = text.strip().split("\n")
    last = lines[-1]
    hashes, rest = _take_hashes(last)
    fields = {name: _unquoted(value) for name, value in _FIELD.findall(rest)}
    if len(fields) + bool(hashes) < _FEWEST_FIELDS:
        fields, hashes = {}, {}
    else:
        lines.pop()
    prompt, negative = _prompts(lines)
    return Infotext(prompt, negative, fields, hashes)


def _prompts(lines: list[str]) -> tuple[str, str]:
    for index, line in enumerate(lines):
        if line.strip().startswith(_NEGATIVE):
            first = line.strip()[len(_NEGATIVE) :].strip()
            negative = "\n".join([first, *lines[index + 1 :]])
            return "\n".join(lines[:index]).strip(), negative.strip()
    return "\n".join(lines).strip(), ""


def _take_hashes(line: str) -> tuple[dict[str, str], str]:
    """Return the `Hashes` table of a line, and the line without it."""
    found = _HASHES.search(line)
    if found is None:
        return {}, line
    try:
        table = json.loads(found.group(1))
    except ValueError:
        return {}, line
    strings = {str(key): value for key, value in table.items() if isinstance(value, str)}
    return strings, line[: found.start()] + line[found.end() :]


def _quoted(value: str) -> str:
    if any(mark in value for mark in ',:\n"') or value != value.strip():
        return json.dumps(value, ensure_ascii=False)
    return value


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            text = json.loads(value)
        except ValueError:
            return value
        return text if isinstance(text, str) else value
    return value
