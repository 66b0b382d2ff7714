"""What is typed into the grid dialog, as the request it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from loradex.domain.grid import RenderSettings
from loradex.errors import UsageError
from loradex.operations.grids import USUAL_SIDES, GridRequest

MOST_PICTURES = 5_000
_GUIDANCE = {"flux1": 3.5, "sd3": 4.5}
_T = TypeVar("_T", int, float)


@dataclass(frozen=True, slots=True)
class GridForm:
    """The fields as text, as they stand in the dialog."""

    strengths: str = "0, 0.4, 0.8, 1.2"
    prompts: str = ""
    negative: str = ""
    seeds: str = "1, 2"
    steps: str = "20"
    guidance: str = "7"
    size: str = "512x512"


def usual_form(base: str | None, trigger_words: tuple[str, ...]) -> GridForm:
    """Return the fields filled in for LoRAs of a base model."""
    side = USUAL_SIDES.get(base or "", 512)
    guidance = _GUIDANCE.get(base or "", 7.0)
    return GridForm(
        prompts=", ".join(filter(None, map(_printable, trigger_words[:3]))),
        guidance=f"{guidance:g}",
        size=f"{side}x{side}",
    )


def _printable(word: str) -> str:
    """Return a trigger word without what cannot be seen: nobody would mean to ask for it."""
    return "".join(character for character in word if character.isprintable()).strip()


def picture_count(request: GridRequest) -> int:
    """Return how many pictures are drawn: strength 0 is the same picture for every LoRA."""
    each = len(request.prompts) * len(request.seeds)
    with_lora = len([strength for strength in request.strengths if strength != 0])
    return each * (with_lora * len(request.loras) + (0 in request.strengths))


def read_form(form: GridForm, checkpoint: int, loras: tuple[int, ...]) -> GridRequest:
    """Return the request; raise `UsageError` naming the field that is wrong."""
    prompts = tuple(line.strip() for line in form.prompts.splitlines() if line.strip())
    if not prompts:
        raise UsageError("Write at least one prompt.")
    width, height = _size(form.size)
    request = GridRequest(
        checkpoint=checkpoint,
        loras=loras,
        strengths=_numbers("Strengths", form.strengths, float, -5, 5),
        prompts=tuple(dict.fromkeys(prompts)),
        seeds=_numbers("Seeds", form.seeds, int, 0, 2**32 - 1),
        negative_prompt=form.negative.strip(),
        settings=RenderSettings(
            width=width,
            height=height,
            num_inference_steps=_numbers("Steps", form.steps, int, 1, 500)[0],
            guidance_scale=_numbers("Guidance", form.guidance, float, 0, 100)[0],
        ),
    )
    if picture_count(request) > MOST_PICTURES:
        raise UsageError(f"These are more than {MOST_PICTURES:,} pictures.")
    return request


def _numbers(
    name: str, text: str, read: Callable[[str], _T], low: float, high: float
) -> tuple[_T, ...]:
    words = text.replace(",", " ").split()
    try:
        values = tuple(dict.fromkeys(read(word) for word in words))
    except ValueError as error:
        raise UsageError(f"{name}: numbers are wanted, as in 1, 2.") from error
    if not values or not all(low <= value <= high for value in values):
        raise UsageError(f"{name}: from {low:g} to {high:g}.")
    return values


def _size(text: str) -> tuple[int, int]:
    width, times, height = text.lower().replace("×", "x").partition("x")
    try:
        size = int(width), int(height if times else width)
    except ValueError as error:
        raise UsageError("Size: write it as 512x768.") from error
    if not all(64 <= side <= 4096 and side % 8 == 0 for side in size):
        raise UsageError("Size: 64 to 4096 pixels a side, in steps of 8.")
    return size
