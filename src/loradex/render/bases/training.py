"""What a denoiser is shown in training, and what it has to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.render.samplers import build_scheduler

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """Noisy latents and their timestep, as `Base.predict` takes them, and the right answer."""

    latents: Tensor
    timestep: Tensor
    target: Tensor


def step_of_noise(
    config: Mapping[str, object], clean: Tensor, noise: Tensor, level: float
) -> TrainingStep:
    """Return the step at a share `level` of those that a diffusers scheduler's `config` has.

    The right answer is the noise (Ho et al., arXiv 2006.11239), the velocity (Salimans and Ho,
    arXiv 2202.00512) or the picture, as the configuration says.
    """
    import torch  # noqa: PLC0415 - heavy

    scheduler = build_scheduler("DDIM", config)
    kept: Tensor = scheduler.alphas_cumprod  # type: ignore[attr-defined]
    step = round(level * (len(kept) - 1))
    signal, blur = float(kept[step]) ** 0.5, (1 - float(kept[step])) ** 0.5
    answers = {
        "epsilon": noise,
        "v_prediction": signal * noise - blur * clean,
        "sample": clean,
    }
    return TrainingStep(
        signal * clean + blur * noise,
        torch.tensor(step, device=clean.device),
        answers[str(config.get("prediction_type", "epsilon"))],
    )


def step_of_flow(clean: Tensor, noise: Tensor, level: float) -> TrainingStep:
    """Return the step at sigma `level`: the right answer is the way from picture to noise.

    After Lipman et al., arXiv 2210.02747, in the direction that diffusers' schedulers take.
    """
    import torch  # noqa: PLC0415 - heavy

    latents = (1 - level) * clean + level * noise
    return TrainingStep(latents, torch.tensor(level * 1000.0, device=clean.device), noise - clean)
