"""What a person asks of a probe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loradex.domain.probing import Depth
from loradex.errors import UsageError

FEWEST_PROMPTS = 3
FEWEST_SEEDS = 4
MOST_PROMPTS = 12
MOST_SEEDS = 16


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How the pictures are drawn; None leaves it to what suits the checkpoint.

    Names and units are those of `RenderSettings`.
    """

    width: int | None = None
    height: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    sampler: str | None = None
    schedule: str | None = None
    clip_skip: int | None = None
    dtype: str | None = None
    device: str | None = None

    def said(self) -> dict[str, object]:
        """Return what was asked for, by field."""
        chosen = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in chosen.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One probe as it is asked for.

    `prompts` and `seeds` are empty where the usual ones shall do. `words` are trigger words to
    try besides those that are known. `references` are pictures of what the LoRA should know.
    """

    depth: Depth = Depth.NORMAL
    prompts: tuple[str, ...] = ()
    negative_prompt: str = ""
    seeds: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    settings: ProbeSettings = field(default_factory=ProbeSettings)
    references: tuple[Path, ...] = ()

    def check(self) -> None:
        """Raise `UsageError` for prompts or seeds that are too few or too many to measure with."""
        prompts, seeds = len(set(self.prompts)), len(set(self.seeds))
        if self.prompts and not FEWEST_PROMPTS <= prompts <= MOST_PROMPTS:
            raise UsageError(
                f"A probe needs {FEWEST_PROMPTS} to {MOST_PROMPTS} different prompts,"
                f" not {prompts}.",
                hint="What holds for one prompt may be chance; leave --prompt out for the usual.",
            )
        if self.seeds and not FEWEST_SEEDS <= seeds <= MOST_SEEDS:
            raise UsageError(
                f"A probe needs {FEWEST_SEEDS} to {MOST_SEEDS} different seeds, not {seeds}.",
                hint="What holds for one seed may be chance; leave --seeds out for the usual.",
            )
