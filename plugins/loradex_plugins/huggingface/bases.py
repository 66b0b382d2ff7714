"""Base models: the repositories that hold them on the Hub, and the names they have elsewhere.

A LoRA's card names the repository it was trained on; the rest of loradex speaks of base models by
CivitAI's names (`loradex.domain.hub_names`).
"""

from __future__ import annotations

from collections.abc import Iterable

from loradex.domain.hub_names import base_from_hub

_NAMES: dict[str, str] = {
    "CompVis/stable-diffusion-v1-4": "SD 1.4",
    "stable-diffusion-v1-5/stable-diffusion-v1-5": "SD 1.5",
    "runwayml/stable-diffusion-v1-5": "SD 1.5",
    "stabilityai/stable-diffusion-2": "SD 2.0 768",
    "stabilityai/stable-diffusion-2-base": "SD 2.0",
    "stabilityai/stable-diffusion-2-1": "SD 2.1 768",
    "stabilityai/stable-diffusion-2-1-base": "SD 2.1",
    "stabilityai/stable-diffusion-xl-base-1.0": "SDXL 1.0",
    "stabilityai/sdxl-turbo": "SDXL Turbo",
    "ByteDance/SDXL-Lightning": "SDXL Lightning",
    "segmind/SSD-1B": "SDXL Distilled",
    "AstraliteHeart/pony-diffusion-v6": "Pony",
    "OnomaAIResearch/Illustrious-xl-early-release-v0": "Illustrious",
    "OnomaAIResearch/Illustrious-XL-v1.0": "Illustrious",
    "OnomaAIResearch/Illustrious-XL-v2.0": "Illustrious",
    "Laxhar/noobai-XL-1.1": "NoobAI",
    "Laxhar/noobai-XL-Vpred-1.0": "NoobAI",
    "purplesmartai/pony-v7-base": "Pony V7",
    "stabilityai/stable-diffusion-3-medium-diffusers": "SD 3",
    "stabilityai/stable-diffusion-3-medium": "SD 3",
    "stabilityai/stable-diffusion-3.5-medium": "SD 3.5 Medium",
    "stabilityai/stable-diffusion-3.5-large": "SD 3.5 Large",
    "stabilityai/stable-diffusion-3.5-large-turbo": "SD 3.5 Large Turbo",
    "stabilityai/stable-cascade": "Stable Cascade",
    "stabilityai/stable-video-diffusion-img2vid": "SVD",
    "stabilityai/stable-video-diffusion-img2vid-xt": "SVD XT",
    "black-forest-labs/FLUX.1-dev": "Flux.1 D",
    "black-forest-labs/FLUX.1-schnell": "Flux.1 S",
    "black-forest-labs/FLUX.1-Krea-dev": "Flux.1 Krea",
    "black-forest-labs/FLUX.1-Kontext-dev": "Flux.1 Kontext",
    "black-forest-labs/FLUX.2-dev": "Flux.2 D",
    "black-forest-labs/FLUX.2-klein-9B": "Flux.2 Klein 9B",
    "black-forest-labs/FLUX.2-klein-4B": "Flux.2 Klein 4B",
    "lodestones/Chroma1-HD": "Chroma",
    "lodestones/Chroma": "Chroma",
    "fal/AuraFlow-v0.3": "AuraFlow",
    "fal/AuraFlow": "AuraFlow",
    "HiDream-ai/HiDream-I1-Full": "HiDream",
    "HiDream-ai/HiDream-I1-Dev": "HiDream",
    "Tencent-Hunyuan/HunyuanDiT-v1.2-Diffusers": "Hunyuan 1",
    "tencent/HunyuanVideo": "Hunyuan Video",
    "hunyuanvideo-community/HunyuanVideo": "Hunyuan Video",
    "Kwai-Kolors/Kolors-diffusers": "Kolors",
    "Kwai-Kolors/Kolors": "Kolors",
    "Lightricks/LTX-Video": "LTXV",
    "Lightricks/LTX-2": "LTXV2",
    "Alpha-VLLM/Lumina-Image-2.0": "Lumina",
    "genmo/mochi-1-preview": "Mochi",
    "PixArt-alpha/PixArt-XL-2-1024-MS": "PixArt a",
    "PixArt-alpha/PixArt-Sigma-XL-2-1024-MS": "PixArt E",
    "Qwen/Qwen-Image": "Qwen",
    "Qwen/Qwen-Image-Edit": "Qwen",
    "Qwen/Qwen-Image-Edit-2509": "Qwen",
    "Tongyi-MAI/Z-Image-Turbo": "ZImageTurbo",
    "Tongyi-MAI/Z-Image": "ZImageBase",
    "THUDM/CogVideoX-5b": "CogVideoX",
    "Wan-AI/Wan2.1-T2V-14B": "Wan Video 14B t2v",
    "Wan-AI/Wan2.1-T2V-14B-Diffusers": "Wan Video 14B t2v",
    "Wan-AI/Wan2.1-T2V-1.3B": "Wan Video 1.3B t2v",
    "Wan-AI/Wan2.1-I2V-14B-480P": "Wan Video 14B i2v 480p",
    "Wan-AI/Wan2.1-I2V-14B-720P": "Wan Video 14B i2v 720p",
    "Wan-AI/Wan2.2-TI2V-5B": "Wan Video 2.2 TI2V-5B",
    "Wan-AI/Wan2.2-I2V-A14B": "Wan Video 2.2 I2V-A14B",
    "Wan-AI/Wan2.2-T2V-A14B": "Wan Video 2.2 T2V-A14B",
}
_BY_REPOSITORY = {slug.casefold(): name for slug, name in _NAMES.items()}


def base_name(repositories: Iterable[str]) -> str:
    """Return the base model's usual name, or the first repository itself; "" when none is named."""
    slugs = [slug for slug in repositories if slug]
    for slug in slugs:
        if slug.casefold() in _BY_REPOSITORY:
            return _BY_REPOSITORY[slug.casefold()]
    return slugs[0] if slugs else ""


def base_repositories(wanted: str) -> list[str]:
    """Return the repositories of a base: an id of ours, a family, a hub's name, or a repository."""
    folded = wanted.strip().casefold()
    found = [slug for slug, name in _NAMES.items() if folded in _words_for(name)]
    return found or ([wanted.strip()] if "/" in wanted else [])


def _words_for(name: str) -> set[str]:
    known = base_from_hub(name)
    words = {name.casefold()}
    if known is not None:
        base, family = known
        # Of a base's families, only the ones that are asked for: Pony is not every SDXL.
        words.add(family if family is not None else base.value)
    return words
