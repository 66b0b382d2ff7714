"""What a grid says in words: the names of its axes and values, and what is alike in all cells."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from loradex.domain.axes import Axis, AxisKind, Draft
from loradex.domain.grid import GridPlan, GridSpec
from loradex.domain.text import display_lines, display_text

KIND_NAMES = {
    AxisKind.CHECKPOINT: "Checkpoint",
    AxisKind.VAE: "VAE",
    AxisKind.CONTROL: "ControlNet",
    AxisKind.LORA: "LoRA",
    AxisKind.LORA2: "Second LoRA",
    AxisKind.STRENGTH: "Strength",
    AxisKind.STRENGTH_CLIP: "Text encoder strength",
    AxisKind.STRENGTH2: "Second LoRA strength",
    AxisKind.BLOCKS: "Blocks",
    AxisKind.SIZE: "Size",
    AxisKind.STEPS: "Steps",
    AxisKind.SAMPLER: "Sampler",
    AxisKind.SCHEDULE: "Schedule",
    AxisKind.CLIP_SKIP: "Clip skip",
    AxisKind.PROMPT: "Prompt",
    AxisKind.PROMPT_PART: "Prompt part",
    AxisKind.TRIGGER: "Trigger words",
    AxisKind.NEGATIVE: "Negative prompt",
    AxisKind.GUIDANCE: "Guidance scale",
    AxisKind.CONTROL_IMAGE: "ControlNet picture",
    AxisKind.CONTROL_STRENGTH: "ControlNet strength",
    AxisKind.CONTROL_START: "ControlNet start",
    AxisKind.CONTROL_END: "ControlNet end",
    AxisKind.INIT_IMAGE: "Init image",
    AxisKind.DENOISING: "Denoising strength",
    AxisKind.MASK: "Mask",
    AxisKind.SEED: "Seed",
}
TEXT_KINDS = frozenset({AxisKind.PROMPT, AxisKind.NEGATIVE, AxisKind.PROMPT_PART, AxisKind.TRIGGER})
"""Kinds whose values are sentences: they are wrapped, where a name is shortened in its middle."""
_LONGEST = 4000


class Fact(NamedTuple):
    """One thing that is the same for every cell, by its kind, its name and its text."""

    kind: AxisKind
    name: str
    text: str


def axis_name(axis: Axis) -> str:
    """Return the axis' readable name; a prompt part says which text it replaces."""
    name = KIND_NAMES[axis.kind]
    if axis.kind is AxisKind.PROMPT_PART:
        return f"{name} ‘{display_text(axis.find, 40)}’"
    return name


def value_text(axis: Axis, number: int) -> str:
    """Return a value's text for people: a sentence whole, anything else as its label."""
    value = axis.values[number]
    text = value.label
    if axis.kind in TEXT_KINDS and isinstance(value.value, str):
        text = value.value
    text = " ".join(display_lines(text[:_LONGEST]).split())
    if text:
        return text
    return "(no words)" if axis.kind in TEXT_KINDS else "none"


def varied_axes(spec: GridSpec) -> frozenset[int]:
    """Return the numbers of the axes with more than one value; the others are facts."""
    return frozenset(number for number, axis in enumerate(spec.axes) if len(axis.values) > 1)


def shared_facts(spec: GridSpec) -> tuple[Fact, ...]:
    """Return what is the same for all cells, in the order of `KIND_NAMES`' readers."""
    texts = {kind: text for kind, text in _draft_texts(spec.base).items() if text}
    parts = []
    for axis in spec.axes:
        if axis.kind is AxisKind.PROMPT_PART:
            if len(axis.values) == 1:
                parts.append(Fact(axis.kind, axis_name(axis), value_text(axis, 0)))
        elif len(axis.values) == 1 and axis.values[0].value not in (None, ""):
            texts[axis.kind] = value_text(axis, 0)
        else:
            texts.pop(axis.kind, None)
    _without_owner(spec, texts)
    return (
        *(Fact(kind, KIND_NAMES[kind], texts[kind]) for kind in _ORDER if kind in texts),
        *parts,
    )


def base_keys(plan: GridPlan) -> frozenset[str]:
    """Return the keys of the cells that others are compared with: the same without LoRA."""
    return frozenset(place.base_key for place in plan.placements if place.base_key is not None)


def base_values(plan: GridPlan) -> frozenset[tuple[int, int]]:
    """Return each (axis, value number) at which every cell is a base, among axes that vary."""
    bases = base_keys(plan)
    total: Counter[tuple[int, int]] = Counter()
    based: Counter[tuple[int, int]] = Counter()
    varied = varied_axes(plan.spec)
    for place in plan.placements:
        for axis in varied:
            at = (axis, place.at[axis])
            total[at] += 1
            based[at] += place.cell.key in bases
    return frozenset(at for at, count in total.items() if based[at] == count)


_ORDER = (
    AxisKind.CHECKPOINT,
    AxisKind.LORA,
    AxisKind.STRENGTH,
    AxisKind.STRENGTH_CLIP,
    AxisKind.BLOCKS,
    AxisKind.LORA2,
    AxisKind.STRENGTH2,
    AxisKind.VAE,
    AxisKind.CONTROL,
    AxisKind.CONTROL_IMAGE,
    AxisKind.CONTROL_STRENGTH,
    AxisKind.CONTROL_START,
    AxisKind.CONTROL_END,
    AxisKind.INIT_IMAGE,
    AxisKind.DENOISING,
    AxisKind.MASK,
    AxisKind.PROMPT,
    AxisKind.TRIGGER,
    AxisKind.NEGATIVE,
    AxisKind.SAMPLER,
    AxisKind.SCHEDULE,
    AxisKind.STEPS,
    AxisKind.GUIDANCE,
    AxisKind.SIZE,
    AxisKind.CLIP_SKIP,
    AxisKind.SEED,
)
_OWNERS = {
    AxisKind.STRENGTH: AxisKind.LORA,
    AxisKind.STRENGTH_CLIP: AxisKind.LORA,
    AxisKind.BLOCKS: AxisKind.LORA,
    AxisKind.TRIGGER: AxisKind.LORA,
    AxisKind.STRENGTH2: AxisKind.LORA2,
    AxisKind.CONTROL_IMAGE: AxisKind.CONTROL,
    AxisKind.CONTROL_STRENGTH: AxisKind.CONTROL,
    AxisKind.CONTROL_START: AxisKind.CONTROL,
    AxisKind.CONTROL_END: AxisKind.CONTROL,
    AxisKind.DENOISING: AxisKind.INIT_IMAGE,
    AxisKind.MASK: AxisKind.INIT_IMAGE,
}


def _without_owner(spec: GridSpec, texts: dict[AxisKind, str]) -> None:
    """Drop what says nothing here: a strength where there is no LoRA to have it."""
    there = {*texts, *(spec.axes[number].kind for number in varied_axes(spec))}
    for kind, owner in _OWNERS.items():
        if owner not in there:
            texts.pop(kind, None)


def _draft_texts(draft: Draft) -> dict[AxisKind, str]:
    """Return the texts of a draft's choices; empty for what it leaves alone."""
    settings, control, looks = draft.settings, draft.control, draft.control_image
    clip = draft.strength_clip
    trigger = {None: "", True: "always", False: "left out"}
    return {
        AxisKind.CHECKPOINT: display_text(draft.checkpoint.name, 200),
        AxisKind.LORA: display_text(draft.lora.name, 200) if draft.lora else "",
        AxisKind.STRENGTH: f"{draft.strength:g}",
        AxisKind.STRENGTH_CLIP: "" if clip is None else f"{clip:g}",
        AxisKind.BLOCKS: display_text(draft.blocks, 200),
        AxisKind.LORA2: display_text(draft.lora2.name, 200) if draft.lora2 else "",
        AxisKind.STRENGTH2: f"{draft.strength2:g}",
        AxisKind.VAE: display_text(draft.vae.name, 200) if draft.vae else "",
        AxisKind.CONTROL: display_text(control.name, 200) if control else "",
        AxisKind.CONTROL_IMAGE: display_text(looks.name, 200) if looks else "",
        AxisKind.CONTROL_STRENGTH: f"{draft.control_strength:g}",
        AxisKind.CONTROL_START: f"{draft.control_start:g}" if draft.control_start else "",
        AxisKind.CONTROL_END: f"{draft.control_end:g}" if draft.control_end != 1 else "",
        AxisKind.INIT_IMAGE: display_text(draft.init_image.name, 200) if draft.init_image else "",
        AxisKind.DENOISING: f"{draft.denoising:g}",
        AxisKind.MASK: display_text(draft.mask.name, 200) if draft.mask else "",
        AxisKind.PROMPT: " ".join(display_lines(draft.prompt[:_LONGEST]).split()),
        AxisKind.TRIGGER: display_text(draft.trigger, 200)
        if isinstance(draft.trigger, str)
        else trigger[draft.trigger],
        AxisKind.NEGATIVE: " ".join(display_lines(draft.negative_prompt[:_LONGEST]).split()),
        AxisKind.SAMPLER: display_text(settings.sampler, 80),
        AxisKind.SCHEDULE: "" if settings.schedule == "Automatic" else settings.schedule,
        AxisKind.STEPS: str(settings.num_inference_steps),
        AxisKind.GUIDANCE: f"{settings.guidance_scale:g}",
        AxisKind.SIZE: f"{settings.width} × {settings.height}",
        AxisKind.CLIP_SKIP: str(settings.clip_skip) if settings.clip_skip > 1 else "",
        AxisKind.SEED: str(draft.seed),
    }


def facts_line(facts: tuple[Fact, ...]) -> str:
    """Return the short facts on one line, separated by dots; sentences are left to themselves."""
    shown = [
        _PHRASES.get(fact.kind, f"{fact.name} {{}}").replace("{}", fact.text)
        for fact in facts
        if fact.kind not in TEXT_KINDS
    ]
    return "  ·  ".join(shown)


_PHRASES = {
    AxisKind.CHECKPOINT: "{}",
    AxisKind.STRENGTH: "strength {}",
    AxisKind.SAMPLER: "{}",
    AxisKind.SCHEDULE: "{}",
    AxisKind.STEPS: "{} steps",
    AxisKind.GUIDANCE: "guidance {}",
    AxisKind.SIZE: "{}",
    AxisKind.CLIP_SKIP: "clip skip {}",
    AxisKind.SEED: "seed {}",
}
