"""AIR names: what a version is called across tools, `urn:air:sdxl:lora:civitai:900101@910102`.

The hub leaves them out of its lists. The rule and both tables are the hub's own (civitai/civitai,
air.ts and basemodel.constants.ts; docs/civitai.md).
"""

from __future__ import annotations

_ECOSYSTEMS: dict[str, tuple[str, ...]] = {
    "sd1": ("sd 1.4", "sd 1.5", "sd 1.5 lcm", "sd 1.5 hyper"),
    "sd2": ("sd 2.0", "sd 2.0 768", "sd 2.1", "sd 2.1 768", "sd 2.1 unclip"),
    "sd3": ("sd 3", "sd 3.5", "sd 3.5 large", "sd 3.5 large turbo"),
    "sd3_5m": ("sd 3.5 medium",),
    "sdxl": (
        "sdxl 0.9", "sdxl 1.0", "sdxl 1.0 lcm", "sdxl lightning", "sdxl hyper", "sdxl turbo",
        "pony", "illustrious", "noobai",
    ),
    "sdxldistilled": ("sdxl distilled",),
    "flux1": ("flux.1 s", "flux.1 d"),
    "fluxkrea": ("flux.1 krea",),
    "flux1kontext": ("flux.1 kontext",),
    "flux2": (
        "flux.2 d", "flux.2 klein 9b", "flux.2 klein 9b-base", "flux.2 klein 4b",
        "flux.2 klein 4b-base",
    ),
    "auraflow": ("auraflow", "pony v7"),
    "svd": ("svd", "svd xt"),
    "scascade": ("stable cascade",),
    "hydit1": ("hunyuan 1",),
    "hyv1": ("hunyuan video",),
    "krea2": ("krea 2",),
    "ltxv23": ("ltxv 2.3",),
    "pixarta": ("pixart a",),
    "pixarte": ("pixart e",),
    "playgroundv2": ("playground v2",),
    "other": ("upscaler", "other"),
}  # fmt: skip
_ECOSYSTEM_OF = {name: system for system, names in _ECOSYSTEMS.items() for name in names}
_PLAIN = frozenset({
    "anima", "chroma", "cogvideox", "ernie", "hidream", "kolors", "lumina", "ltxv", "ltxv2",
    "mochi", "qwen", "zimageturbo", "zimagebase",
})  # fmt: skip
"""Base models whose ecosystem is their own name."""

_TYPES = {
    "aestheticgradient": "ag",
    "checkpoint": "checkpoint",
    "hypernetwork": "hypernet",
    "textualinversion": "embedding",
    "motionmodule": "motion",
    "upscaler": "upscaler",
    "vae": "vae",
    "lora": "lora",
    "dora": "dora",
    "locon": "lycoris",
    "controlnet": "controlnet",
    "textencoder": "text_encoders",
    "unet": "unet",
    "clipvision": "clipvision",
    "clip": "clip",
}
_FILE_TYPES = {"diffusion model": "diffusionmodel", "unet": "unet"}
"""Types of a version's primary file that count more than the model's."""


def civitai_air(
    base_model: str, model_type: str, primary_type: str, model_id: int, version_id: int
) -> str | None:
    """Return the AIR of a version on CivitAI; None where a word of it is not known here."""
    base = base_model.strip().casefold()
    ecosystem = base if base in _PLAIN else _ECOSYSTEM_OF.get(base)
    kind = _FILE_TYPES.get(primary_type.casefold()) or _TYPES.get(model_type.casefold())
    if ecosystem is None or kind is None:
        return None
    return f"urn:air:{ecosystem}:{kind}:civitai:{model_id}@{version_id}"
