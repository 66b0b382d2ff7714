"""A grid in a person's words: what a command, a TOML file or a dialog asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loradex.domain.axes import AxisKind
from loradex.domain.recipe import RenderSettings


@dataclass(frozen=True, slots=True)
class AxisRequest:
    """One thing to vary, or to fix when it comes to a single value.

    `texts` are values as typed: numbers and ranges, REFs of models, `query:QUERY`, `none`, words.
    `find` is for a prompt part: the text that the values replace.
    """

    kind: AxisKind
    texts: tuple[str, ...]
    find: str = ""


@dataclass(frozen=True, slots=True)
class GridRequest:
    """A whole grid. What it does not say is chosen to suit the checkpoint.

    `x`, `y` and `pages` name kinds of axes; axes that none of them names go where they read best.
    `exclude` are combinations to leave out: kinds with the values, as typed, that meet there.
    `approximate` are names of approximations, `few_steps` the REF of a LoRA that distils.
    With `baseline` every LoRA stands beside the checkpoint alone, asked for or not.

    Axes of one kind (and of one text to find) become one, and those without values go, so that
    requests that ask for the same are equal.
    """

    axes: tuple[AxisRequest, ...]
    x: tuple[AxisKind, ...] = ()
    y: tuple[AxisKind, ...] = ()
    pages: tuple[AxisKind, ...] = ()
    exclude: tuple[Mapping[AxisKind, tuple[str, ...]], ...] = ()
    baseline: bool = True
    dtype: str = "auto"
    device: str = "auto"
    title: str = ""
    approximate: tuple[str, ...] = ()
    few_steps: str = ""

    def __post_init__(self) -> None:
        """Bring the axes into their one form: prompt parts last, as a file has them."""
        found: dict[tuple[AxisKind, str], tuple[str, ...]] = {}
        for axis in sorted(self.axes, key=lambda axis: axis.kind is AxisKind.PROMPT_PART):
            key = (axis.kind, axis.find)
            found[key] = (*found.get(key, ()), *axis.texts)
        axes = (AxisRequest(kind, texts, find) for (kind, find), texts in found.items() if texts)
        object.__setattr__(self, "axes", tuple(axes))

    def texts(self, kind: AxisKind) -> tuple[str, ...]:
        """Return the values asked for of one kind, as typed; empty when it is not mentioned."""
        return tuple(text for axis in self.axes if axis.kind is kind for text in axis.texts)


def usual_request(
    loras: Sequence[int],
    checkpoint: int | None,
    *,
    prompts: Sequence[str],
    strengths: Sequence[float] = (0.0, 0.5, 1.0),
    seeds: Sequence[int] = (1,),
    triggers: Sequence[str] = (),
    negative: str = "",
    settings: RenderSettings | None = None,
    title: str = "",
) -> GridRequest:
    """Return the request for the common grid: LoRAs by prompts, seeds and strengths.

    Models are content ids. Without `settings` the checkpoint's usual ones are taken.
    """
    axes = [
        AxisRequest(AxisKind.LORA, tuple(str(id_) for id_ in loras)),
        AxisRequest(AxisKind.STRENGTH, tuple(f"{value:g}" for value in strengths)),
        AxisRequest(AxisKind.PROMPT, tuple(prompts)),
        AxisRequest(AxisKind.SEED, tuple(str(seed) for seed in seeds)),
    ]
    if checkpoint is not None:
        axes.append(AxisRequest(AxisKind.CHECKPOINT, (str(checkpoint),)))
    if triggers:
        axes.append(AxisRequest(AxisKind.TRIGGER, tuple(triggers)))
    if negative:
        axes.append(AxisRequest(AxisKind.NEGATIVE, (negative,)))
    if settings is None:
        return GridRequest(tuple(axes), title=title)
    fixed = {
        AxisKind.SIZE: f"{settings.width}x{settings.height}",
        AxisKind.STEPS: str(settings.num_inference_steps),
        AxisKind.GUIDANCE: f"{settings.guidance_scale:g}",
        AxisKind.SAMPLER: settings.sampler,
        AxisKind.SCHEDULE: settings.schedule,
        AxisKind.CLIP_SKIP: str(settings.clip_skip),
    }
    axes += [AxisRequest(kind, (text,)) for kind, text in fixed.items()]
    return GridRequest(tuple(axes), dtype=settings.dtype, device=settings.device, title=title)
