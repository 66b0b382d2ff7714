"""LoRAs asked for inside a prompt: `<lora:name:0.8>`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from loradex.render.unreadable import UnreadableText

_TAG = re.compile(r"<(lora|lyco|hypernet):([^<>]*)>", re.IGNORECASE)
_STRONGEST = 100.0
_UNET = ("unet", "model", "str")
_CLIP = ("te", "clip")
_BLOCKS = "lbw"


@dataclass(frozen=True, slots=True)
class LoraRequest:
    """A LoRA by the name that the prompt gives it; `position` and `length` say where.

    `strength_clip` is for the text encoders. `blocks` is the text after `lbw=`: numbers between
    commas, or the name of a preset; None when all blocks count alike.
    """

    name: str
    strength: float
    strength_clip: float
    blocks: str | None
    position: int
    length: int


def take_lora_tags(text: str) -> tuple[str, tuple[LoraRequest, ...], tuple[str, ...]]:
    """Return the prompt without its LoRA tags, the LoRAs asked for, and notes for a person.

    A tag is `<lora:NAME>` (or `lyco`), then up to two numbers (strength, strength for the text
    encoders) and any of `unet=`, `te=`, `lbw=`. One number counts for both. This is the order of
    ComfyUI's and SwarmUI's tags; A1111 has the text encoder first, so that is noted where it
    matters. Raises `UnreadableText`.
    """
    found: list[LoraRequest] = []
    notes: list[str] = []
    for match in _TAG.finditer(text):
        if match[1].lower() == "hypernet":
            raise UnreadableText(
                "Hypernetworks cannot be used",
                text=text,
                position=match.start(),
                length=len(match[0]),
                hint="Take this tag out of the prompt.",
            )
        request, swapped = _read(text, match)
        found.append(request)
        if swapped:
            notes.append(
                f"{match[0]} is read as strength {request.strength:g} and {request.strength_clip:g}"
                " for the text encoders; A1111 has them the other way round."
            )
    return _TAG.sub("", text).strip() if found else text, tuple(found), tuple(notes)


def _read(text: str, match: re.Match[str]) -> tuple[LoraRequest, bool]:
    """Read one tag; also tell whether A1111 would take its two numbers the other way round."""
    name, *fields = match[2].split(":")
    if not name.strip():
        raise UnreadableText(
            "This tag names no LoRA", text=text, position=match.start(), length=len(match[0])
        )
    numbers: list[float] = []
    unet = clip = None
    blocks: str | None = None
    at = match.start(2) + len(name)
    for field in fields:
        at += 1
        key, equals, value = field.partition("=")
        key = key.strip().lower()
        if not equals and len(numbers) < 2:
            numbers.append(_number(text, field, at))
        elif equals and key in _UNET:
            unet = _number(text, value, at + len(field) - len(value))
        elif equals and key in _CLIP:
            clip = _number(text, value, at + len(field) - len(value))
        elif equals and key == _BLOCKS and value.strip():
            blocks = value.strip()
        else:
            raise UnreadableText(
                "This part of a LoRA tag is not known",
                text=text,
                position=at,
                length=len(field),
                hint="Write <lora:NAME:0.8>, <lora:NAME:0.8:0.6>, or use unet=, te= and lbw=.",
            )
        at += len(field)
    first = numbers[0] if numbers else 1.0
    second = numbers[1] if len(numbers) == 2 else first
    request = LoraRequest(
        name=name.strip(),
        strength=first if unet is None else unet,
        strength_clip=second if clip is None else clip,
        blocks=blocks,
        position=match.start(),
        length=len(match[0]),
    )
    return request, first != second and unet is None and clip is None


def _number(text: str, field: str, position: int) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if not abs(value) <= _STRONGEST:
        raise UnreadableText(
            "This is no strength of a LoRA", text=text, position=position, length=len(field)
        )
    return value
