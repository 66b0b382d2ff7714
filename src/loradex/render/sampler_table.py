"""The table of samplers: A1111's name, and the scheduler underneath that does the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Option = bool | str | int
Takes = Literal["levels", "spacing", "flow"]
"""Which schedules a sampler can follow: any noise levels, trained steps only, or flow's own."""

_NO_CLIPPING: Mapping[str, Option] = {"clip_sample": False}
_SDE: Mapping[str, Option] = {"algorithm_type": "sde-dpmsolver++"}


@dataclass(frozen=True, slots=True)
class Sampler:
    """A scheduler class and the options that make it this sampler.

    `ours` is the class in `loradex.render.solvers` where diffusers has none that does it.
    `automatic` is what A1111 makes of the schedule "Automatic"; None leaves it to the checkpoint.
    `calls` is how often a step asks the network.
    """

    scheduler: str
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))
    automatic: str | None = None
    takes: Takes = "levels"
    calls: int = 1
    ours: bool = False
    drops_last: bool = False
    """As in A1111: the lowest noise level is left out, since the step from it blows up errors."""

    def asks(self, steps: int) -> int:
        """Return how often the network is asked in `steps` steps."""
        if self.scheduler == "PNDMScheduler":
            return steps + 1 if steps > 1 else steps
        return self.calls * steps - (self.calls - 1)


_MULTISTEP = "DPMSolverMultistepScheduler"
SAMPLERS: Mapping[str, Sampler] = {
    "Euler": Sampler("EulerDiscreteScheduler"),
    "Euler a": Sampler("EulerAncestralDiscreteScheduler"),
    "LMS": Sampler("LmsWithoutScipy", ours=True),
    "Heun": Sampler("HeunDiscreteScheduler", calls=2),
    "DPM2": Sampler("KDPM2DiscreteScheduler", automatic="Karras", calls=2, drops_last=True),
    "DPM2 a": Sampler("KDPM2AncestralDiscreteScheduler", automatic="Karras", calls=2),
    "DPM++ 2S a": Sampler("Dpm2SAncestral", automatic="Karras", calls=2, ours=True),
    "DPM++ 2M": Sampler(_MULTISTEP, automatic="Karras"),
    "DPM++ SDE": Sampler("DpmSde", automatic="Karras", calls=2, ours=True),
    "DPM++ 2M SDE": Sampler(_MULTISTEP, _SDE, "Exponential"),
    "DPM++ 2M SDE Heun": Sampler(_MULTISTEP, {**_SDE, "solver_type": "heun"}, "Exponential"),
    "DPM++ 3M SDE": Sampler(
        "Dpm3MSde",
        {**_SDE, "solver_order": 3},
        "Exponential",
        ours=True,
        drops_last=True,
    ),
    "DDIM": Sampler("DDIMScheduler", _NO_CLIPPING, takes="spacing"),
    "PLMS": Sampler("PNDMScheduler", {"skip_prk_steps": True}, takes="spacing"),
    "UniPC": Sampler("UniPCMultistepScheduler"),
    "DDPM": Sampler("DDPMScheduler", _NO_CLIPPING, takes="spacing"),
    "LCM": Sampler("LCMScheduler", _NO_CLIPPING, takes="spacing"),
    "TCD": Sampler("TCDScheduler", _NO_CLIPPING, takes="spacing"),
}
FLOW_SAMPLERS: Mapping[str, Sampler] = {
    "Euler": Sampler("FlowMatchEulerDiscreteScheduler", takes="flow"),
    "Heun": Sampler("FlowMatchHeunDiscreteScheduler", takes="flow", calls=2),
    "LCM": Sampler("FlowMatchLCMScheduler", takes="flow"),
    "DPM++ 2M": Sampler(_MULTISTEP, takes="flow"),
    "DPM++ 2M SDE": Sampler(_MULTISTEP, _SDE, takes="flow"),
    "UniPC": Sampler("UniPCMultistepScheduler", takes="flow"),
}
"""For models that were trained by flow matching: SD 3, FLUX, Chroma, Qwen-Image, Z-Image."""
