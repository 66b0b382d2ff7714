"""What CivitAI's API calls our kinds, bases, formats and dtypes, for models that no hub knows.

The words are those of the hub's own enums (docs/civitai.md); `loradex.domain.hub_names` reads them
back. A base that the hub has no name for goes by our label.
"""

from __future__ import annotations

from loradex.domain.header import FileFormat
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.safety import Safety

_B = BaseModel

_TYPES = {
    ModelKind.CHECKPOINT: "Checkpoint",
    ModelKind.DIFFUSION_MODEL: "UNet",
    ModelKind.LORA: "LORA",
    ModelKind.CONTROLNET: "Controlnet",
    ModelKind.T2I_ADAPTER: "Controlnet",
    ModelKind.VAE: "VAE",
    ModelKind.EMBEDDING: "TextualInversion",
    ModelKind.TEXT_ENCODER: "TextEncoder",
    ModelKind.CLIP_VISION: "CLIPVision",
    ModelKind.UPSCALER: "Upscaler",
    ModelKind.MOTION_MODULE: "MotionModule",
    ModelKind.HYPERNETWORK: "Hypernetwork",
}
_FILE_TYPES = {
    ModelKind.DIFFUSION_MODEL: "Diffusion Model",
    ModelKind.VAE: "VAE",
    ModelKind.TEXT_ENCODER: "Text Encoder",
    ModelKind.CLIP_VISION: "CLIPVision",
    ModelKind.CONTROLNET: "ControlNet",
    ModelKind.UPSCALER: "Upscaler",
}
_BASES = {
    _B.SD1: "SD 1.5",
    _B.SD2: "SD 2.1",
    _B.SDXL: "SDXL 1.0",
    _B.SVD: "SVD",
    _B.SD3: "SD 3.5",
    _B.FLUX1: "Flux.1 D",
    _B.FLUX2: "Flux.2 D",
    _B.CHROMA: "Chroma",
    _B.QWEN_IMAGE: "Qwen",
    _B.Z_IMAGE: "ZImageTurbo",
    _B.LUMINA2: "Lumina",
    _B.WAN: "Wan Video",
    _B.HUNYUAN_VIDEO: "Hunyuan Video",
    _B.HUNYUAN_DIT: "Hunyuan 1",
    _B.LTX_VIDEO: "LTXV",
    _B.LTX2: "LTXV2",
    _B.MOCHI: "Mochi",
    _B.ANIMA: "Anima",
    _B.KREA2: "Krea 2",
    _B.IDEOGRAM4: "Ideogram 4.0",
    _B.HIDREAM: "HiDream",
    _B.AURAFLOW: "AuraFlow",
    _B.PIXART: "PixArt a",
    _B.CASCADE: "Stable Cascade",
    _B.ERNIE_IMAGE: "Ernie",
    _B.COGVIDEOX: "CogVideoX",
    _B.ACE_STEP: "ACE Audio",
    _B.HUNYUAN3D: "Hunyuan3D",
    _B.KOLORS: "Kolors",
    _B.MINIMAX_H3: "MiniMax H3",
}
_FAMILIES = {
    (_B.SDXL, "pony"): "Pony",
    (_B.SDXL, "illustrious"): "Illustrious",
    (_B.SDXL, "noobai"): "NoobAI",
    (_B.AURAFLOW, "pony"): "Pony V7",
}
_FORMATS = {
    FileFormat.SAFETENSORS: "SafeTensor",
    FileFormat.GGUF: "GGUF",
    FileFormat.PICKLE: "PickleTensor",
}
_PRECISIONS = {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8", "F8_E5M2": "fp8"}
_PICKLE_SCANS = {
    Safety.SAFE: "Success",
    Safety.SUSPICIOUS: "Danger",
    Safety.DANGEROUS: "Danger",
    Safety.BROKEN: "Error",
}
MODEL_TYPES = (*dict.fromkeys(_TYPES.values()), "Other")
"""Types that models of our own can have."""


def type_name(kind: str) -> str:
    """Return the hub's model type for a kind."""
    return _TYPES.get(_kind(kind), "Other")


def file_type(kind: str) -> str:
    """Return the hub's file type for a kind: what its main file would be."""
    return _FILE_TYPES.get(_kind(kind), "Model")


def base_name(base: str | None, derivative: str | None) -> str:
    """Return the hub's base model name; `Other` when the base is not known."""
    try:
        known = BaseModel(base or "")
    except ValueError:
        return "Other"
    return _FAMILIES.get((known, derivative or "")) or _BASES.get(known) or known.label


def format_name(file_format: str) -> str:
    """Return the hub's word for a container."""
    try:
        return _FORMATS.get(FileFormat(file_format), "Other")
    except ValueError:
        return "Other"


def precision_name(dtype: str | None) -> str | None:
    """Return the hub's word for a dtype, None where it has none."""
    return _PRECISIONS.get(dtype or "")


def pickle_scan(safety: str | None) -> str:
    """Return the hub's word for a look for code."""
    try:
        return _PICKLE_SCANS.get(Safety(safety or ""), "Pending")
    except ValueError:
        return "Pending"


def _kind(kind: str) -> ModelKind:
    try:
        return ModelKind(kind)
    except ValueError:
        return ModelKind.UNKNOWN
