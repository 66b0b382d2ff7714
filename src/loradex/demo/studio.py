"""The models of the demo that draw: the zoo, placed among the sample library's files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loradex.demo.library import SampleModel
from loradex.demo.sample_entries import HubFacts
from loradex.demo.zoo import Zoo, ZooLora, write_zoo
from loradex.domain.verdicts import VerdictKind
from loradex.errors import ExtraMissing

_FIRST_MODEL = 7101
_FIRST_VERSION = 71011
PROMPTS = (
    "a red circle on a blue background",
    "a large yellow star on a purple background",
    "a black square on an orange background",
)
"""As many as a probe needs, of what the checkpoint draws most clearly."""
_PROBED = (VerdictKind.NEEDS_TRIGGER, VerdictKind.DEAD_TRIGGER, VerdictKind.NO_EFFECT)


@dataclass(frozen=True, slots=True)
class Studio:
    """A checkpoint that draws coloured shapes, and LoRAs for it.

    `settings` are the checkpoint's, as `loradex edit` takes them. `can_draw` is false where the
    render extra is not installed.
    """

    zoo: Zoo
    can_draw: bool

    @property
    def settings(self) -> tuple[str, ...]:
        """How the checkpoint is best used: it was trained on small pictures."""
        said = self.zoo.settings
        return (
            f"size={said['size']}x{said['size']}",
            f"steps={said['steps']}",
            f"guidance_scale={said['guidance']}",
            f"sampler={said['sampler']}",
        )

    @property
    def shown(self) -> ZooLora:
        """The LoRA that the grid shows: it needs its trigger word."""
        return self.probed[0]

    @property
    def probed(self) -> tuple[ZooLora, ...]:
        """LoRAs that keep their word, that do not, and that do nothing, one of each."""
        found = (self._one_that(kind) for kind in _PROBED)
        return tuple(lora for lora in found if lora is not None)

    @property
    def known(self) -> tuple[SampleModel, ...]:
        """Those that the demo's hub knows, with the trigger words that it claims."""
        return tuple(
            SampleModel(lora.file, _facts(lora, number))
            for number, lora in enumerate(self.zoo.loras)
        )

    def _one_that(self, kind: VerdictKind) -> ZooLora | None:
        return next((lora for lora in self.zoo.loras if kind in lora.expected), None)


def make_studio(models: Path) -> Studio:
    """Put the zoo below the models folder, where it is not there yet."""
    from loradex.render.device import require_extra  # noqa: PLC0415 - beside its use

    zoo = write_zoo(models)
    try:
        require_extra()
    except ExtraMissing:
        return Studio(zoo, can_draw=False)
    return Studio(zoo, can_draw=True)


def _facts(lora: ZooLora, number: int) -> HubFacts:
    name = lora.file.stem.replace("-", " ").capitalize()
    words = " or ".join(lora.claimed)
    return HubFacts(
        model_id=_FIRST_MODEL + number,
        version_id=_FIRST_VERSION + 10 * number,
        model_name=name,
        version_name="v1",
        type="LORA",
        base_model="SD 1.5",
        trained_words=lora.claimed,
        tags=("style", "shapes"),
        description=f"Use it with {words}." if words else "Works without a trigger word.",
    )
