"""Noise schedules by their A1111 names: the noise levels (sigmas) a sampler goes through.

Formulas: Karras and exponential of k-diffusion, which A1111 uses; "Normal", "Simple", "SGM
Uniform" and "DDIM" of ComfyUI, whence A1111 has them; Beta of arXiv 2407.12173; KL Optimal and
Align Your Steps of arXiv 2404.14507 (theorem 3.1, and the levels its authors publish for SD 1.5
and SDXL).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from loradex.render.beta_distribution import beta_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = NDArray[np.float64]

AUTOMATIC = "Automatic"
SCHEDULES = (
    AUTOMATIC,
    "Uniform",
    "Karras",
    "Exponential",
    "Polyexponential",
    "SGM Uniform",
    "KL Optimal",
    "Align Your Steps",
    "Simple",
    "Normal",
    "DDIM",
    "Beta",
)
"""As A1111 writes them into pictures. "Automatic" leaves the choice to sampler and checkpoint."""

ALIASES: Mapping[str, str] = {
    "ddim uniform": "DDIM",
    "sgmuniform": "SGM Uniform",
    "ays": "Align Your Steps",
}
_RHO = 7.0
_BETA = 0.6
_PUBLISHED_STEPS = {
    False: (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    True: (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
}


def noise_levels(schedule: str, steps: int, trained: Levels, *, sdxl: bool) -> Levels:
    """Return `steps` falling noise levels; the final 0 is left out.

    `trained` are the levels the checkpoint was trained on, rising. Not for "Automatic".
    """
    if schedule == "Align Your Steps":
        return _align_your_steps(steps, sdxl=sdxl)
    return _FORMULAS[schedule](steps, trained)


def _ramp(steps: int) -> Levels:
    import numpy as np  # noqa: PLC0415 - heavy

    return np.linspace(0, 1, steps)


def _at(times: Levels, trained: Levels) -> Levels:
    """Return the levels at fractional training steps, interpolated in their logarithm."""
    import numpy as np  # noqa: PLC0415 - heavy

    levels: Levels = np.exp(np.interp(times, np.arange(len(trained)), np.log(trained)))
    return levels


def _normal(steps: int, trained: Levels) -> Levels:
    return _at((1 - _ramp(steps)) * (len(trained) - 1), trained)


def _sgm_uniform(steps: int, trained: Levels) -> Levels:
    return _at((1 - _ramp(steps + 1)[:-1]) * (len(trained) - 1), trained)


def _simple(steps: int, trained: Levels) -> Levels:
    levels: Levels = trained[[-1 - number * len(trained) // steps for number in range(steps)]]
    return levels


def _ddim(steps: int, trained: Levels) -> Levels:
    """A1111 goes on to the last trained level, with more steps than were asked for; we do not."""
    apart = max(len(trained) // steps, 1)
    first = min(1, len(trained) - 1 - apart * (steps - 1))
    levels: Levels = trained[[first + apart * number for number in reversed(range(steps))]]
    return levels


def _karras(steps: int, trained: Levels) -> Levels:
    low, high = trained[0] ** (1 / _RHO), trained[-1] ** (1 / _RHO)
    levels: Levels = (high + _ramp(steps) * (low - high)) ** _RHO
    return levels


def _exponential(steps: int, trained: Levels) -> Levels:
    import numpy as np  # noqa: PLC0415 - heavy

    levels: Levels = np.exp(np.linspace(np.log(trained[-1]), np.log(trained[0]), steps))
    return levels


def _kl_optimal(steps: int, trained: Levels) -> Levels:
    import numpy as np  # noqa: PLC0415 - heavy

    ramp = _ramp(steps)
    levels: Levels = np.tan(ramp * np.arctan(trained[0]) + (1 - ramp) * np.arctan(trained[-1]))
    return levels


def _beta(steps: int, trained: Levels) -> Levels:
    import numpy as np  # noqa: PLC0415 - heavy

    shares = np.array([beta_quantile(1 - share, _BETA, _BETA) for share in _ramp(steps)])
    levels: Levels = trained[0] + shares * (trained[-1] - trained[0])
    return levels


def _align_your_steps(steps: int, *, sdxl: bool) -> Levels:
    import numpy as np  # noqa: PLC0415 - heavy

    known = np.log(_PUBLISHED_STEPS[sdxl])
    levels: Levels = np.exp(np.interp(_ramp(steps), np.linspace(0, 1, len(known)), known))
    return levels


_FORMULAS: Mapping[str, Callable[[int, Levels], Levels]] = {
    "Uniform": _normal,
    "Karras": _karras,
    "Exponential": _exponential,
    # With A1111's rho of 1 the two are the same.
    "Polyexponential": _exponential,
    "SGM Uniform": _sgm_uniform,
    "KL Optimal": _kl_optimal,
    "Simple": _simple,
    "Normal": _normal,
    "DDIM": _ddim,
    "Beta": _beta,
}
