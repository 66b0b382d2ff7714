"""What is typed into the grid dialog, as the request it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from loradex.domain.axes import AxisKind
from loradex.domain.recipe import RenderSettings
from loradex.errors import UsageError
from loradex.operations.grid_request import GridRequest, usual_request
from loradex.render.prompts.prompt import parse_prompt
from loradex.render.ranges import parse_seeds, parse_strengths
from loradex.render.recipes import PLACEHOLDER

MOST_PICTURES = 5_000
TRIGGERS = {"auto": (), "on": ("on",), "off": ("off",), "both": ("on", "off")}
"""Words for the trigger field, with the values they stand for; `auto` follows the LoRA."""

_T = TypeVar("_T", int, float)


@dataclass(frozen=True, slots=True)
class GridForm:
    """The fields as text, as they stand in the dialog."""

    strengths: str = "0, 0.4, 0.8, 1.2"
    prompts: str = ""
    negative: str = ""
    seeds: str = "1, 2"
    triggers: str = "auto"
    steps: str = "20"
    guidance: str = "7"
    size: str = "512x512"


def usual_form(settings: RenderSettings, *, has_triggers: bool = False) -> GridForm:
    """Return the fields filled in with what suits a checkpoint, and with LoRAs' trigger words."""
    return GridForm(
        prompts=PLACEHOLDER if has_triggers else "",
        steps=str(settings.num_inference_steps),
        guidance=f"{settings.guidance_scale:g}",
        size=f"{settings.width}x{settings.height}",
    )


def picture_count(request: GridRequest) -> int:
    """Return how many pictures are drawn at most.

    The checkpoint alone is one picture for all LoRAs, unless trigger words are asked for there:
    each LoRA has words of its own.
    """
    each = len(request.texts(AxisKind.PROMPT)) * len(request.texts(AxisKind.SEED))
    strengths = [float(text) for text in request.texts(AxisKind.STRENGTH)]
    acting = sum(strength != 0 for strength in strengths)
    base = 1 if request.baseline or 0 in strengths else 0
    loras = len(request.texts(AxisKind.LORA))
    bases = [base * loras if text == "on" else base for text in _triggers(request)]
    return each * sum(loras * acting + alone for alone in bases)


def _triggers(request: GridRequest) -> Sequence[str]:
    return request.texts(AxisKind.TRIGGER) or ("auto",)


def read_form(
    form: GridForm, checkpoint: int, loras: tuple[int, ...], usual: RenderSettings
) -> GridRequest:
    """Return the request; raise `UsageError` naming the field that is wrong.

    What the form does not ask, such as the sampler, is as in `usual`.
    """
    prompts = tuple(line.strip() for line in form.prompts.splitlines() if line.strip())
    if not prompts:
        raise UsageError("Write at least one prompt.")
    for prompt in prompts:
        _checked("Prompts", parse_prompt, prompt)
    _checked("Negative", parse_prompt, form.negative)
    width, height = _size(form.size)
    request = usual_request(
        loras,
        checkpoint,
        prompts=tuple(dict.fromkeys(prompts)),
        strengths=_listed("Strengths", parse_strengths, form.strengths, -5, 5),
        seeds=_listed("Seeds", parse_seeds, form.seeds, 0, 2**32 - 1),
        triggers=_trigger_values(form.triggers),
        negative=form.negative.strip(),
        settings=replace(
            usual,
            width=width,
            height=height,
            num_inference_steps=_number("Steps", int, form.steps, 1, 500),
            guidance_scale=_number("Guidance", float, form.guidance, 0, 100),
        ),
    )
    if picture_count(request) > MOST_PICTURES:
        raise UsageError(f"These are more than {MOST_PICTURES:,} pictures.")
    return replace(request, pages=(AxisKind.LORA,))


_Read = TypeVar("_Read")


def _checked(name: str, read: Callable[[str], _Read], text: str) -> _Read:
    """Read a field; say its name in front of what is wrong."""
    try:
        return read(text)
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", hint=error.hint) from error


def _listed(
    name: str, read: Callable[[str], tuple[_T, ...]], text: str, low: float, high: float
) -> tuple[_T, ...]:
    words = text.replace(",", " ").split()
    if not words:
        raise UsageError(f"{name}: write at least one number.")
    values = _checked(name, read, ",".join(words))
    if not all(low <= value <= high for value in values):
        raise UsageError(f"{name}: from {low:g} to {high:g}.")
    return values


def _number(name: str, read: Callable[[str], _T], text: str, low: float, high: float) -> _T:
    try:
        value = read(text)
    except ValueError as error:
        raise UsageError(f"{name}: a number is wanted.") from error
    if not low <= value <= high:
        raise UsageError(f"{name}: from {low:g} to {high:g}.")
    return value


def _trigger_values(text: str) -> tuple[str, ...]:
    values = TRIGGERS.get(text.strip().casefold())
    if values is None:
        raise UsageError(f"Triggers: one of {', '.join(TRIGGERS)}.")
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
