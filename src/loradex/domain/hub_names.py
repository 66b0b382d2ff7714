"""CivitAI's names for base models and model types, and what they are here.

The names are those of the hub's own enums (civitai/civitai, basemodel.constants.ts). A name that is
not in the table stays what it is, text: hubs add names without notice.
"""

from __future__ import annotations

from loradex.domain.kinds import BaseModel, ModelKind

_B = BaseModel

_BASES: dict[str, tuple[BaseModel, str | None]] = {
    "sd 1.4": (_B.SD1, None),
    "sd 1.5": (_B.SD1, None),
    "sd 1.5 lcm": (_B.SD1, "lcm"),
    "sd 1.5 hyper": (_B.SD1, "hyper"),
    "sd 2.0": (_B.SD2, None),
    "sd 2.0 768": (_B.SD2, None),
    "sd 2.1": (_B.SD2, None),
    "sd 2.1 768": (_B.SD2, None),
    "sd 2.1 unclip": (_B.SD2, None),
    "sd 3": (_B.SD3, None),
    "sd 3.5": (_B.SD3, None),
    "sd 3.5 large": (_B.SD3, None),
    "sd 3.5 large turbo": (_B.SD3, "turbo"),
    "sd 3.5 medium": (_B.SD3, None),
    "sdxl 0.9": (_B.SDXL, None),
    "sdxl 1.0": (_B.SDXL, None),
    "sdxl 1.0 lcm": (_B.SDXL, "lcm"),
    "sdxl lightning": (_B.SDXL, "lightning"),
    "sdxl hyper": (_B.SDXL, "hyper"),
    "sdxl turbo": (_B.SDXL, "turbo"),
    "sdxl distilled": (_B.SDXL, "distilled"),
    "pony": (_B.SDXL, "pony"),
    "illustrious": (_B.SDXL, "illustrious"),
    "noobai": (_B.SDXL, "noobai"),
    "pony v7": (_B.AURAFLOW, "pony"),
    "flux.1 s": (_B.FLUX1, None),
    "flux.1 d": (_B.FLUX1, None),
    "flux.1 krea": (_B.FLUX1, None),
    "flux.1 kontext": (_B.FLUX1, None),
    "flux.2 d": (_B.FLUX2, None),
    "flux.2 klein 9b": (_B.FLUX2, None),
    "flux.2 klein 9b-base": (_B.FLUX2, None),
    "flux.2 klein 4b": (_B.FLUX2, None),
    "flux.2 klein 4b-base": (_B.FLUX2, None),
    "ace audio": (_B.ACE_STEP, None),
    "anima": (_B.ANIMA, None),
    "auraflow": (_B.AURAFLOW, None),
    "chroma": (_B.CHROMA, None),
    "cogvideox": (_B.COGVIDEOX, None),
    "ernie": (_B.ERNIE_IMAGE, None),
    "hidream": (_B.HIDREAM, None),
    "hunyuan 1": (_B.HUNYUAN_DIT, None),
    "hunyuan video": (_B.HUNYUAN_VIDEO, None),
    "hunyuan3d": (_B.HUNYUAN3D, None),
    "ideogram 4.0": (_B.IDEOGRAM4, None),
    "kolors": (_B.KOLORS, None),
    "krea 2": (_B.KREA2, None),
    "ltxv": (_B.LTX_VIDEO, None),
    "ltxv2": (_B.LTX2, None),
    "ltxv 2.3": (_B.LTX2, None),
    "lumina": (_B.LUMINA2, None),
    "minimax h3": (_B.MINIMAX_H3, None),
    "mochi": (_B.MOCHI, None),
    "pixart a": (_B.PIXART, None),
    "pixart e": (_B.PIXART, None),
    "playground v2": (_B.SDXL, None),
    "qwen": (_B.QWEN_IMAGE, None),
    "stable cascade": (_B.CASCADE, None),
    "svd": (_B.SVD, None),
    "svd xt": (_B.SVD, None),
    "zimageturbo": (_B.Z_IMAGE, None),
    "zimagebase": (_B.Z_IMAGE, None),
}

_TYPES: dict[str, ModelKind] = {
    "checkpoint": ModelKind.CHECKPOINT,
    "textualinversion": ModelKind.EMBEDDING,
    "hypernetwork": ModelKind.HYPERNETWORK,
    "lora": ModelKind.LORA,
    "locon": ModelKind.LORA,
    "dora": ModelKind.LORA,
    "controlnet": ModelKind.CONTROLNET,
    "upscaler": ModelKind.UPSCALER,
    "motionmodule": ModelKind.MOTION_MODULE,
    "vae": ModelKind.VAE,
    "textencoder": ModelKind.TEXT_ENCODER,
    "clip": ModelKind.TEXT_ENCODER,
    "unet": ModelKind.DIFFUSION_MODEL,
    "clipvision": ModelKind.CLIP_VISION,
}

_SEARCHED_TYPES: dict[ModelKind, tuple[str, ...]] = {
    ModelKind.CHECKPOINT: ("Checkpoint",),
    ModelKind.EMBEDDING: ("TextualInversion",),
    ModelKind.HYPERNETWORK: ("Hypernetwork",),
    ModelKind.LORA: ("LORA", "LoCon", "DoRA"),
    ModelKind.CONTROLNET: ("Controlnet",),
    ModelKind.UPSCALER: ("Upscaler",),
    ModelKind.MOTION_MODULE: ("MotionModule",),
    ModelKind.VAE: ("VAE",),
    ModelKind.TEXT_ENCODER: ("TextEncoder", "CLIP"),
    ModelKind.DIFFUSION_MODEL: ("UNet", "Checkpoint"),
    ModelKind.CLIP_VISION: ("CLIPVision",),
}

_SPELLINGS = (
    "SD 1.4", "SD 1.5", "SD 1.5 LCM", "SD 1.5 Hyper", "SD 2.0", "SD 2.0 768", "SD 2.1",
    "SD 2.1 768", "SD 2.1 Unclip", "SD 3", "SD 3.5", "SD 3.5 Large", "SD 3.5 Large Turbo",
    "SD 3.5 Medium", "SDXL 0.9", "SDXL 1.0", "SDXL 1.0 LCM", "SDXL Lightning", "SDXL Hyper",
    "SDXL Turbo", "SDXL Distilled", "Pony", "Illustrious", "NoobAI", "Pony V7", "Flux.1 S",
    "Flux.1 D", "Flux.1 Krea", "Flux.1 Kontext", "Flux.2 D", "Flux.2 Klein 9B",
    "Flux.2 Klein 9B-base", "Flux.2 Klein 4B", "Flux.2 Klein 4B-base", "ACE Audio", "Anima",
    "AuraFlow", "Chroma", "CogVideoX", "Ernie", "HiDream", "Hunyuan 1", "Hunyuan Video",
    "Hunyuan3D", "Ideogram 4.0", "Kolors", "Krea 2", "LTXV", "LTXV2", "LTXV 2.3", "Lumina",
    "MiniMax H3", "Mochi", "PixArt a", "PixArt E", "Playground v2", "Qwen", "Stable Cascade",
    "SVD", "SVD XT", "ZImageTurbo", "ZImageBase",
)  # fmt: skip
"""The names of the table above as the hub spells them: its search knows no others."""

_SPELLED = {name.casefold(): name for name in _SPELLINGS}

_WAN_NAMES = (
    "Wan Video", "Wan Video 1.3B t2v", "Wan Video 14B t2v", "Wan Video 14B i2v 480p",
    "Wan Video 14B i2v 720p", "Wan Video 2.2 TI2V-5B", "Wan Video 2.2 I2V-A14B",
    "Wan Video 2.2 T2V-A14B", "Wan Video 2.5 T2V", "Wan Video 2.5 I2V", "Wan Image 2.7",
    "Wan Video 2.7",
)  # fmt: skip

DERIVATIVES = ("pony", "illustrious", "noobai", "animagine")
"""Families of SDXL that a header cannot tell apart: what a hub says of these is worth keeping."""


def base_from_hub(name: str) -> tuple[BaseModel, str | None] | None:
    """Return base and derivative for a hub's base model name, None when it is not known here."""
    folded = name.strip().casefold()
    if folded.startswith("wan "):
        return (_B.WAN, None)
    return _BASES.get(folded)


def kind_from_hub(type_name: str) -> ModelKind | None:
    """Return the kind for a hub's model type, None when it is not known here."""
    return _TYPES.get(type_name.strip().casefold())


def hub_types(kind: ModelKind) -> tuple[str, ...]:
    """Return the hub's own names for a kind, spelled as its search wants them."""
    return _SEARCHED_TYPES.get(kind, ())


def hub_bases(text: str) -> tuple[str, ...]:
    """Return the hub's base model names that a base's id, a family or one of its own names means.

    `sdxl` means every name of that architecture, `pony` only Pony. A text that is none of these
    is handed on as it is: hubs add names without notice.
    """
    folded = text.strip().casefold()
    if folded == BaseModel.WAN.value:
        return _WAN_NAMES
    of_base = tuple(_SPELLED[name] for name, (base, _) in _BASES.items() if base.value == folded)
    return of_base or (_SPELLED.get(folded, text.strip()),)
