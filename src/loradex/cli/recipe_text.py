"""Recipes in words: a picture's lines, and a model's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from loradex.cli.words import count_text, date_text
from loradex.domain.picture_recipes import UsedModel, Uses
from loradex.domain.text import display_lines, display_text

TOOLS = {
    "a1111": "A1111",
    "forge": "Forge",
    "sdnext": "SD.Next",
    "comfyui": "ComfyUI",
    "invokeai": "InvokeAI",
    "swarmui": "SwarmUI",
    "fooocus": "Fooocus",
    "civitai": "CivitAI",
    "loradex": "loradex (a grid; no use)",
}
_SHOWN = ("width", "height")
_WHY = {
    "none": "not in the library",
    "unknown": "not in the library",
    "gone": "its file is gone",
    "ambiguous": "several have this name",
    "other bytes": "another file has this name",
}
_LONGEST = 300


def print_told(
    title: str,
    tool: str,
    made_at: float | None,
    prompts: tuple[str, str],
    settings: Mapping[str, str],
    models: Sequence[UsedModel],
    *,
    matched: bool,
    whole: bool,
) -> None:
    """Print what a picture tells; prompts are cut unless `whole`."""
    click.echo(click.style(display_text(title), bold=True))
    when = f", {date_text(made_at)}" if made_at is not None else ""
    _line("Made by", f"{TOOLS.get(tool, tool)}{when}")
    for name, prompt in zip(("Prompt", "Negative"), prompts, strict=True):
        if prompt:
            _line(name, prompt if whole else _on_a_line(prompt), lines=whole)
    words = ", ".join(settings_words(settings))
    if words:
        _line("Settings", words)
    for model in models:
        _line(model.role.label, f"{model_words(model)}{_here(model) if matched else ''}")


def _on_a_line(prompt: str) -> str:
    return display_text(" ".join(prompt.split()), _LONGEST)


def settings_words(settings: Mapping[str, str]) -> Iterator[str]:
    """Give the settings that people look for, as they say them."""
    if "width" in settings and "height" in settings:
        yield f"{settings['width']}x{settings['height']}"
    for name, words in (
        ("seed", "seed {}"),
        ("steps", "{} steps"),
        ("sampler", "{}"),
        ("schedule", "{}"),
        ("guidance_scale", "guidance {}"),
        ("distilled_guidance_scale", "distilled guidance {}"),
        ("clip_skip", "clip skip {}"),
        ("denoising_strength", "denoising {}"),
    ):
        if name in settings:
            yield words.format(settings[name])


def model_words(model: UsedModel) -> str:
    """Return what a picture calls a model: name, strength and digest."""
    name = model.name or (f"version {model.version_id}" if model.version_id else model.hash[:12])
    parts = [name]
    if model.strength is not None:
        clip = model.strength_clip
        parts.append(f"{model.strength:g}" + ("" if clip is None else f" (text encoder {clip:g})"))
    if model.hash and model.name:
        parts.append(f"[{model.hash[:12]}]")
    return " ".join(parts)


def _here(model: UsedModel) -> str:
    """Return which model of the library it is, and how surely."""
    if model.content_id is not None:
        sure = "" if model.confidence >= 0.9 else f", {model.confidence:.0%} sure"
        return f" = {model.content_id} {model.content_name} (by {model.matched_by}{sure})"
    ids = ", ".join(str(id_) for id_ in model.candidates[:5])
    return f": {_WHY.get(model.matched_by, _WHY['none'])}" + (f" ({ids})" if ids else "")


def why_words(why: str, candidates: Sequence[int]) -> str:
    """Return why a model counts as missing."""
    ids = ", ".join(str(id_) for id_ in candidates[:5])
    return _WHY[why] + (f" ({ids})" if ids else "")


def uses_words(uses: Uses | None) -> str:
    """Return `used in 12 pictures, last on 2026-05-01, strengths 0.6 to 0.9`."""
    if uses is None:
        return "in no picture that was imported"
    text = f"in {count_text(uses.pictures, 'picture')}, last on {date_text(uses.last)[:10]}"
    strengths = strength_words(uses.strength_low, uses.strength_high)
    if strengths:
        many = uses.strength_low != uses.strength_high
        text += f", {'strengths' if many else 'strength'} {strengths}"
    return text


def strength_words(low: float | None, high: float | None) -> str:
    """Return `0.8`, or `0.6–0.9`; nothing where no picture tells."""
    if low is None or high is None:
        return ""
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def _line(title: str, text: str, *, lines: bool = False) -> None:
    shown = display_lines(text).replace("\n", "\n" + " " * 17) if lines else display_text(text)
    click.echo(f"  {click.style(f'{title:<14}', dim=True)} {shown}")
