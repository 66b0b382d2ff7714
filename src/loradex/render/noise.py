"""How an SD checkpoint predicts, and on which noise levels it was trained.

Single files seldom say it. In this order: what the caller knows (the catalog, a person), what the
file's metadata says, marker tensors, and for SD 2 its weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from loradex.render.naming import UNET_PREFIX

if TYPE_CHECKING:
    from loradex.render.bases.weights import Weights

Prediction = Literal["epsilon", "v_prediction"]

_SD2_TELLTALE = f"{UNET_PREFIX}output_blocks.11.1.transformer_blocks.0.norm1.bias"
_SD2_SPREAD = 0.09
"""This bias varies more than so in SD 2 with v-prediction, and less without (ComfyUI's test)."""
_BASE: Mapping[str, object] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "prediction_type": "epsilon",
}


@dataclass(frozen=True, slots=True)
class NoiseHints:
    """What a caller knows about a checkpoint, None where it does not."""

    prediction: Prediction | None = None
    zero_terminal_snr: bool | None = None


UNKNOWN = NoiseHints()


def hinted(config: Mapping[str, object], hints: NoiseHints) -> dict[str, object]:
    """Return a scheduler's configuration with what the caller knows put over it.

    Zero terminal SNR asks for steps that begin at the very last noise level, hence `trailing`
    (Lin et al., Common Diffusion Noise Schedules and Sample Steps are Flawed, 2023).
    """
    result = dict(config)
    if hints.prediction is not None:
        result["prediction_type"] = hints.prediction
    if hints.zero_terminal_snr:
        result |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    elif hints.zero_terminal_snr is False:
        result["rescale_betas_zero_snr"] = False
    return result


def single_file_noise(
    file: Weights, *, is_sd2: bool, is_xl: bool, hints: NoiseHints
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the noise schedule as diffusers words it, and what had to be assumed."""
    config = dict(_BASE)
    if is_xl:
        config["timestep_spacing"] = "leading"
    stated = _stated(file)
    notes: tuple[str, ...] = ()
    if is_sd2 and stated is None and hints.prediction is None:
        stated, notes = _sd2(file)
    zero = "ztsnr" in file.names or _yes(file.metadata.get("ss_zero_terminal_snr")) or None
    config = hinted(config, NoiseHints(stated, zero))
    return hinted(config, hints), notes


def _stated(file: Weights) -> Prediction | None:
    """Return what the file itself says."""
    words = file.metadata.get("modelspec.prediction_type", "").casefold()
    if words.startswith("eps"):
        return "epsilon"
    architecture = file.metadata.get("modelspec.architecture", "")
    says_v = (
        "v_pred" in file.names
        or words.startswith("v")
        or architecture.endswith("-768-v")
        or _yes(file.metadata.get("ss_v_parameterization"))
    )
    return "v_prediction" if says_v else None


def _yes(value: str | None) -> bool:
    """Read a truth as Python's `str` writes it, which is how kohya's scripts note it."""
    return value is not None and value.strip().casefold() in ("true", "1")


def _sd2(file: Weights) -> tuple[Prediction, tuple[str, ...]]:
    """Tell the two kinds of SD 2 apart by one layer's biases; without it assume the larger."""
    if _SD2_TELLTALE in file.names:
        spread = float(file.tensor(_SD2_TELLTALE).float().std(correction=0))
        return ("v_prediction" if spread > _SD2_SPREAD else "epsilon"), ()
    return "v_prediction", (
        f"{file.path.name} does not say how it predicts noise; v-prediction is assumed, "
        "as in SD 2.1 at 768 pixels. If pictures come out wrong, use a diffusers folder.",
    )
