"""From a cell as axes filled it in to the recipe that determines its picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft
from loradex.domain.recipe import (
    ControlUse,
    GridModel,
    LoraUse,
    Recipe,
    RenderSettings,
    StartUse,
)
from loradex.errors import UsageError
from loradex.render.prompts.embedding_names import place_embeddings
from loradex.render.prompts.emphasis import weigh
from loradex.render.prompts.lora_tags import take_lora_tags
from loradex.render.samplers import read_sampler

PLACEHOLDER = "{trigger}"
FLOW_BASES = frozenset({"sd3", "flux1", "flux2", "chroma", "qwen-image", "z-image"})
"""Families that were trained by flow matching and have samplers of their own."""

_SETTINGS = {
    AxisKind.STEPS: "num_inference_steps",
    AxisKind.SAMPLER: "sampler",
    AxisKind.SCHEDULE: "schedule",
    AxisKind.CLIP_SKIP: "clip_skip",
    AxisKind.GUIDANCE: "guidance_scale",
}
_FIELDS = {
    AxisKind.NEGATIVE: "negative_prompt",
}


def filled(draft: Draft, axis: Axis, value: AxisValue) -> Draft:
    """Return `draft` with one axis at one of its values."""
    chosen = value.value
    kind = axis.kind
    if kind is AxisKind.PROMPT_PART:
        return replace(draft, parts=(*draft.parts, (axis.find, str(chosen or ""))))
    if kind is AxisKind.SIZE:
        assert isinstance(chosen, tuple)  # noqa: S101 - made so where axes are read
        return _set(draft, width=chosen[0], height=chosen[1])
    if kind in _SETTINGS:
        return _set(draft, **{_SETTINGS[kind]: chosen})
    changed: dict[str, object] = {_FIELDS.get(kind, kind.value): chosen}
    return replace(draft, **changed)  # type: ignore[arg-type]


def resolved(
    draft: Draft, named: Mapping[str, GridModel], embeddings: Mapping[str, GridModel]
) -> Recipe:
    """Return what a filled draft comes to. LoRAs at strength 0 are left out of it.

    `named` are the models behind names in `<lora:NAME:…>`, `embeddings` those behind words of
    prompts. Raises `UsageError` for a prompt that cannot be read or a text that is not in it.
    """
    prompt, negative = _with_parts(draft)
    words = draft.lora.trigger_words if draft.lora is not None else ()
    prompt = with_trigger(prompt, trigger_text(draft), words)
    prompt, uses = _named_uses(prompt, named)
    for model, strength, clip, blocks in _own_uses(draft):
        uses.append(LoraUse(model, strength, strength if clip is None else clip, blocks))
    if draft.few_steps is not None:
        uses.append(LoraUse(draft.few_steps, draft.few_strength, draft.few_strength))
    start = None
    if draft.init_image is not None:
        start = StartUse(draft.init_image, draft.denoising, draft.mask)
    control = _control(draft)
    return Recipe(
        checkpoint=draft.checkpoint,
        prompt=prompt,
        negative_prompt=negative,
        seed=draft.seed,
        settings=_with_sampler(draft),
        loras=tuple(use for use in uses if use.strength or use.strength_clip),
        vae=draft.vae,
        embeddings=tuple(
            (key, embeddings[key]) for key in sorted(_asked((prompt, negative), embeddings))
        ),
        start=start,
        controls=(control,) if control is not None and control.strength else (),
    )


def without_loras(draft: Draft) -> Draft:
    """Return the draft's baseline: the same cell with the checkpoint alone."""
    return replace(draft, strength=0.0, strength_clip=None, strength2=0.0)


def trigger_text(draft: Draft) -> str:
    """Return the words that this cell's LoRA is called with; empty for none.

    Left alone (None) they come and go with the LoRA; asked for, they stay at strength 0 too.
    """
    if draft.trigger is False or draft.lora is None:
        return ""
    if isinstance(draft.trigger, str):
        return draft.trigger
    words = draft.lora.trigger_words
    active = draft.strength or draft.strength_clip
    if not words or (draft.trigger is None and not active):
        return ""
    return words[0]


def with_trigger(prompt: str, text: str, words: Sequence[str] = ()) -> str:
    """Put `text` where the prompt says `{trigger}`, else in front.

    A prompt that has it, or any other of the LoRA's trigger `words`, is left alone: its writer
    has thought of them.
    """
    if PLACEHOLDER in prompt:
        replaced = prompt.replace(PLACEHOLDER, text)
        return replaced if text else _tidied(replaced)
    there = prompt.casefold()
    if not text or any(word.casefold() in there for word in (text, *words) if word):
        return prompt
    return f"{text}, {prompt}" if prompt.strip() else text


def _asked(texts: Iterable[str], known: Mapping[str, GridModel]) -> set[str]:
    """Return the keys of the embeddings that these prompts use."""
    if not known:
        return set()
    return {
        piece.embedding
        for text in texts
        for section in place_embeddings(weigh(text), known.keys()).sections
        for piece in section
        if piece.embedding
    }


def _tidied(prompt: str) -> str:
    """Remove the empty parts that a missing word leaves between commas."""
    parts = [part.strip() for part in prompt.split(",")]
    return ", ".join(part for part in parts if part)


def _with_sampler(draft: Draft) -> RenderSettings:
    """Return the settings with sampler and schedule by their one name each."""
    settings = draft.settings
    flow = draft.checkpoint.base in FLOW_BASES
    chosen = read_sampler(settings.sampler, settings.schedule, flow=flow)
    return replace(settings, sampler=chosen.name, schedule=chosen.schedule)


def _with_parts(draft: Draft) -> tuple[str, str]:
    """Replace each text that a prompt-part axis looks for, in the prompt and the negative."""
    prompt, negative = draft.prompt, draft.negative_prompt
    for find, put in draft.parts:
        if find not in draft.prompt and find not in draft.negative_prompt:
            raise UsageError(
                f"The text {find!r} is in neither the prompt nor the negative prompt.",
                hint="A prompt part is replaced where the prompt has exactly this text.",
            )
        prompt, negative = prompt.replace(find, put), negative.replace(find, put)
    return prompt, negative


def _named_uses(prompt: str, named: Mapping[str, GridModel]) -> tuple[str, list[LoraUse]]:
    text, tags, _ = take_lora_tags(prompt)
    uses = []
    for tag in tags:
        if tag.name not in named:
            raise UsageError(f"No LoRA called {tag.name!r} is known.")
        uses.append(LoraUse(named[tag.name], tag.strength, tag.strength_clip, tag.blocks or ""))
    return text, uses


def _own_uses(draft: Draft) -> list[tuple[GridModel, float, float | None, str]]:
    uses: list[tuple[GridModel, float, float | None, str]] = []
    if draft.lora is not None:
        uses.append((draft.lora, draft.strength, draft.strength_clip, draft.blocks))
    if draft.lora2 is not None:
        uses.append((draft.lora2, draft.strength2, None, ""))
    return uses


def _set(draft: Draft, **changes: object) -> Draft:
    settings: RenderSettings = replace(draft.settings, **changes)  # type: ignore[arg-type]
    return replace(draft, settings=settings)


def _control(draft: Draft) -> ControlUse | None:
    if draft.control is None:
        return None
    if draft.control_image is None:
        raise UsageError(
            f"{draft.control.name} needs a picture to follow.",
            hint="Give one: --axis control_image=FILE.",
        )
    return ControlUse(
        draft.control,
        draft.control_image,
        draft.control_strength,
        draft.control_start,
        draft.control_end,
    )
