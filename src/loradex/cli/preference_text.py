"""How a model is best used, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from loradex.domain.preferences import KnownPreferences, Preferences


def preference_lines(known: KnownPreferences) -> Iterator[tuple[str, str]]:
    """Yield a title and a text for each thing that is known, with who says it unless it is you."""
    best, sources = known.effective, known.sources

    def line(title: str, text: str | None, *fields: str) -> Iterator[tuple[str, str]]:
        if text:
            who = dict.fromkeys(sources[name] for name in fields if name in sources)
            told = [source for source in who if source != "person"]
            yield title, f"{text} [{', '.join(told)}]" if told else text

    yield from line("Strength", _strength(best), "strength", "strength_min", "strength_max")
    yield from line("CLIP strength", _number(best.clip_strength), "clip_strength")
    yield from line("CLIP skip", _number(best.clip_skip), "clip_skip")
    sampler = " · ".join(part for part in (best.sampler, best.schedule) if part)
    yield from line("Sampler", sampler, "sampler", "schedule")
    yield from line("Steps", _number(best.steps), "steps")
    yield from line("Guidance", _number(best.guidance_scale), "guidance_scale")
    size = f"{best.width or '?'}x{best.height or '?'}" if best.width or best.height else ""
    yield from line("Size", size, "width", "height")
    yield from line("Negative", best.negative_prompt, "negative_prompt")


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _strength(best: Preferences) -> str | None:
    """Return `0.75 (0.6 to 0.9)`, or what is known of it."""
    low, high = _number(best.strength_min), _number(best.strength_max)
    if low and high:
        span = f"{low} to {high}"
    else:
        span = f"from {low}" if low else f"up to {high}" if high else ""
    point = _number(best.strength)
    return f"{point} ({span})" if point and span else point or span or None
