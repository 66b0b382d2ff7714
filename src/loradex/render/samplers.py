"""Sampler names people know from A1111, and the diffusers scheduler that does the same.

Everything a checkpoint says about its own noise schedule (prediction type, zero terminal SNR,
betas, spacing) is kept; only what the name itself means is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.errors import ExtraMissing, UsageError

if TYPE_CHECKING:
    from loradex.render.parts import Scheduler


@dataclass(frozen=True, slots=True)
class Sampler:
    """A scheduler class of diffusers, and the options that make it this sampler.

    `schedule` is A1111's name of the noise schedule, which it shows apart from the sampler.
    """

    scheduler: str
    options: Mapping[str, bool | str | int] = field(default_factory=dict)
    schedule: str = "Automatic"


_KARRAS: Mapping[str, bool | str | int] = {"use_karras_sigmas": True}
_SDE: Mapping[str, bool | str | int] = {"algorithm_type": "sde-dpmsolver++"}

SAMPLERS: Mapping[str, Sampler] = {
    "Euler": Sampler("EulerDiscreteScheduler"),
    "Euler Karras": Sampler("EulerDiscreteScheduler", _KARRAS, "Karras"),
    "Euler a": Sampler("EulerAncestralDiscreteScheduler"),
    "DPM++ 2M": Sampler("DPMSolverMultistepScheduler"),
    "DPM++ 2M Karras": Sampler("DPMSolverMultistepScheduler", _KARRAS, "Karras"),
    "DPM++ 2M SDE": Sampler("DPMSolverMultistepScheduler", _SDE),
    "DPM++ 2M SDE Karras": Sampler("DPMSolverMultistepScheduler", {**_SDE, **_KARRAS}, "Karras"),
    "DDIM": Sampler("DDIMScheduler"),
    "UniPC": Sampler("UniPCMultistepScheduler"),
    "Heun": Sampler("HeunDiscreteScheduler"),
    "LMS": Sampler("LMSDiscreteScheduler"),
    "LMS Karras": Sampler("LMSDiscreteScheduler", _KARRAS, "Karras"),
    "DPM2": Sampler("KDPM2DiscreteScheduler"),
    "DPM2 a": Sampler("KDPM2AncestralDiscreteScheduler"),
    "PLMS": Sampler("PNDMScheduler", {"skip_prk_steps": True}),
    "LCM": Sampler("LCMScheduler"),
}


def sampler_named(name: str) -> Sampler:
    """Return the sampler called `name` exactly; raise `UsageError` naming those there are."""
    try:
        return SAMPLERS[name]
    except KeyError:
        raise UsageError(
            f"There is no sampler called {name!r}.", hint=f"One of: {', '.join(SAMPLERS)}."
        ) from None


def infotext_names(name: str) -> tuple[str, str]:
    """Return a sampler's name and schedule as A1111 writes them into a picture."""
    sampler = sampler_named(name)
    return name.removesuffix(" Karras"), sampler.schedule


def build_scheduler(name: str, config: Mapping[str, object]) -> Scheduler:
    """Return a fresh scheduler for the sampler `name` over the checkpoint's own `config`."""
    import diffusers  # noqa: PLC0415 - heavy

    sampler = sampler_named(name)
    kind = getattr(diffusers, sampler.scheduler)
    try:
        scheduler: Scheduler = kind.from_config(dict(config), **sampler.options)
    except ImportError as error:
        raise ExtraMissing(
            f"The sampler {name} needs scipy, which is not installed.", hint="pip install scipy"
        ) from error
    return scheduler
