"""Take a bundle apart: which keys are the denoiser, the text encoders, the VAE, leftovers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loradex.domain.header import Tensor

DENOISER = "denoiser"
TEXT = "text_encoder"
VAE = "vae"
EMA = "ema"
OTHER = "other"
LORA = "lora"
BUFFER = "buffer"

# First word of a key -> the part it belongs to. What is not listed is the main part.
_FIRST_WORD: dict[str, str] = {
    "first_stage_model": VAE,
    "vae": VAE,
    "pretransform": VAE,
    "audio_vae": VAE,
    "vocoder": VAE,
    "cond_stage_model": TEXT,
    "text_encoder": TEXT,
    "text_encoder_2": TEXT,
    "text_encoder_3": TEXT,
    "text_encoders": TEXT,
    "conditioner": TEXT,
    "model_ema": EMA,
    "depth_model": "depth",
    "embedder": "image_encoder",
    "noise_augmentor": OTHER,
    "safety_checker": OTHER,
    "optimizer_states": OTHER,
    "lr_schedulers": OTHER,
    "callbacks": OTHER,
    "denoiser": BUFFER,
    "betas": BUFFER,
    "v_pred": BUFFER,
    "ztsnr": BUFFER,
    "edm_mean": BUFFER,
    "edm_std": BUFFER,
    "edm_vpred": BUFFER,
    "scaled_fp8": BUFFER,
    "logvar": BUFFER,
    "lvlb_weights": BUFFER,
    "scale_factor": BUFFER,
}
_BUFFER_STARTS = ("alphas_cumprod", "log_one_minus_", "posterior_", "sqrt_")
_LORA_STARTS = ("lora_", "lycoris_", "oft_unet", "oft_te")

# Wrappers around the denoiser, longest first; taken off as long as nearly all keys wear one.
_WRAPPERS = (
    "model.diffusion_model.",
    "base_model.model.",
    "diffusion_model.",
    "control_model.",
    "model.model.",
    "state_dict.",
    "transformer.",
    "params_ema.",
    "_orig_mod.",
    "module.",
    "params.",
    "model.",
    "unet.",
    "net.",
)
_MOSTLY = 0.9


@dataclass(slots=True)
class Parts:
    """Keys by part; `main` is what no other part claims, `prefix` what its keys begin with."""

    main: list[str] = field(default_factory=list)
    prefix: str = ""
    others: dict[str, list[str]] = field(default_factory=dict)

    def bundled(self) -> tuple[str, ...]:
        """Return the other parts that make a checkpoint of a denoiser."""
        return tuple(part for part in (TEXT, VAE) if self.others.get(part))


_OUTER = ("module.", "_orig_mod.", "state_dict.", "model.")
_ALWAYS_OUTER = _OUTER[:-1]
_UNDER_MODEL = tuple(
    f"model.{word}"
    for word in ("first_stage_model.", "cond_stage_model.", "conditioner.", "text_encoders.",
                 "vae.", "lora_", "ip_adapter.")
)  # fmt: skip


def unwrapped(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors without a wrapper that every single key wears, bundle or LoRA alike.

    `model.` is one only where another part's prefix follows it; else it is the denoiser's own.
    Tensors without such a wrapper are returned as they are.
    """
    for _ in range(3):
        outer = next((word for word in _OUTER if next(iter(tensors), "").startswith(word)), None)
        if outer is None or not all(key.startswith(outer) for key in tensors):
            break
        if outer not in _ALWAYS_OUTER and not any(key.startswith(_UNDER_MODEL) for key in tensors):
            break
        tensors = {key[len(outer) :]: tensor for key, tensor in tensors.items()}
    return tensors


def split(keys: Iterable[str]) -> Parts:
    """Sort keys into parts by their first word."""
    parts = Parts()
    groups: dict[str, list[str]] = {}
    for key in keys:
        word = key.partition(".")[0]
        group = groups.get(word)
        if group is None:
            group = groups[word] = []
        group.append(key)
    for word, group in groups.items():
        part = _part_of(word)
        if part is None:
            parts.main.extend(group)
        else:
            parts.others.setdefault(part, []).extend(group)
    _claim_denoiser(parts)
    parts.prefix = wrapper(parts.main)
    return parts


def _part_of(word: str) -> str | None:
    part = _FIRST_WORD.get(word)
    if part is None and word.startswith(_LORA_STARTS) and word != "lora_controlnet":
        return LORA
    if part is None and word.startswith(_BUFFER_STARTS):
        return BUFFER
    return part


def _claim_denoiser(parts: Parts) -> None:
    """Where a marked denoiser is present, the rest of `main` is not part of it."""
    for prefix in ("model.diffusion_model.", "diffusion_model."):
        marked = [key for key in parts.main if key.startswith(prefix)]
        if marked and len(marked) < len(parts.main):
            rest = [key for key in parts.main if not key.startswith(prefix)]
            if len(marked) >= len(rest):
                parts.main = marked
                parts.others.setdefault(OTHER, []).extend(rest)
            return


def wrapper(keys: list[str]) -> str:
    """Return the prefix (several wrappers deep) that nearly all keys carry."""
    sample = keys if len(keys) <= 60 else keys[:: len(keys) // 50]
    prefix = ""
    for _ in range(4):
        found = next((word for word in _WRAPPERS if _mostly(sample, word, len(prefix))), None)
        if found is None:
            break
        prefix += found
    return prefix


def _mostly(sample: list[str], word: str, start: int) -> bool:
    """The first keys are looked at before all are counted: few wrappers get further."""
    if not any(key.startswith(word, start) for key in sample[:3]):
        return False
    worn = sum(key.startswith(word, start) for key in sample)
    return worn >= _MOSTLY * len(sample)
