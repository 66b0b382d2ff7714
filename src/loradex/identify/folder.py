"""Diffusers folders: the class names of the parts decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from loradex.domain.header import Header
from loradex.domain.identity import Identity, Reason
from loradex.domain.kinds import BaseModel as B
from loradex.domain.kinds import ModelKind

# Beginning of a transformer's or pipeline's class name -> base; the longest that fits wins.
# None: a class of another model than its name's beginning says.
_CLASSES: dict[str, B | None] = {
    "Flux3": None,
    "SanaVideo": None,
    "SanaWM": None,
    "Cosmos3": None,
    "HiDreamO1": None,
    "StableDiffusionXL": B.SDXL,
    "StableDiffusion3": B.SD3,
    "SD3Transformer": B.SD3,
    "StableVideoDiffusion": B.SVD,
    "UNetSpatioTemporal": B.SVD,
    "Flux2": B.FLUX2,
    "Flux": B.FLUX1,
    "Chroma": B.CHROMA,
    "QwenImage": B.QWEN_IMAGE,
    "QwenImage21": B.QWEN_IMAGE_2_1,
    "ZImage": B.Z_IMAGE,
    "Lumina2": B.LUMINA2,
    "Wan": B.WAN,
    "HunyuanVideo": B.HUNYUAN_VIDEO,
    "HunyuanVideo15": B.HUNYUAN_VIDEO_1_5,
    "HunyuanImage": B.HUNYUAN_IMAGE_2_1,
    "HunyuanDiT": B.HUNYUAN_DIT,
    "LTX": B.LTX_VIDEO,
    "LTX2": B.LTX2,
    "Mochi": B.MOCHI,
    "Cosmos2": B.COSMOS_PREDICT2,
    "CosmosTextToWorld": B.COSMOS1,
    "CosmosVideoToWorld": B.COSMOS1,
    "Krea2": B.KREA2,
    "Ideogram4": B.IDEOGRAM4,
    "HiDream": B.HIDREAM,
    "AuraFlow": B.AURAFLOW,
    "PixArt": B.PIXART,
    "Sana": B.SANA,
    "StableCascade": B.CASCADE,
    "OmniGen2": B.OMNIGEN2,
    "ErnieImage": B.ERNIE_IMAGE,
    "Kandinsky5": B.KANDINSKY5,
    "CogView4": B.COGVIEW4,
    "CogVideoX": B.COGVIDEOX,
    "OvisImage": B.OVIS_IMAGE,
    "LongCatImage": B.LONGCAT_IMAGE,
    "ACEStep": B.ACE_STEP,
    "AceStep": B.ACE_STEP,
    "StableAudio": B.STABLE_AUDIO,
    "Kolors": B.KOLORS,
    "MiniMaxH3": B.MINIMAX_H3,
    "PRX": B.PRX,
    "Bria": B.BRIA,
    "Allegro": B.ALLEGRO,
    "AnimateDiffSDXL": B.SDXL,
    "AnimateDiff": B.SD1,
}
_VARIANT_WORDS = {
    "Inpaint": "inpaint",
    "InstructPix2Pix": "edit",
    "Depth2Img": "depth",
    "Fill": "fill",
    "Kontext": "kontext",
    "Edit": "edit",
    "ImageToVideo": "i2v",
    "VACE": "vace",
}
_SHARED_CLASS = "UNet2DConditionModel"
_DENOISERS = ("transformer", "unet", "prior", "decoder", "transformer_2")
# Class of a lone part -> kind.
_LONE: tuple[tuple[str, ModelKind], ...] = (
    ("ControlNet", ModelKind.CONTROLNET),
    ("T2IAdapter", ModelKind.T2I_ADAPTER),
    ("MotionAdapter", ModelKind.MOTION_MODULE),
    ("Autoencoder", ModelKind.VAE),
    ("VQModel", ModelKind.VAE),
    ("CLIPVision", ModelKind.CLIP_VISION),
    ("SiglipVision", ModelKind.CLIP_VISION),
    ("CLIPText", ModelKind.TEXT_ENCODER),
    ("T5Encoder", ModelKind.TEXT_ENCODER),
    ("UMT5Encoder", ModelKind.TEXT_ENCODER),
    ("Transformer", ModelKind.DIFFUSION_MODEL),
    ("UNet", ModelKind.DIFFUSION_MODEL),
)
_BASELESS = (ModelKind.TEXT_ENCODER, ModelKind.CLIP_VISION, ModelKind.VAE)


def read_folder(header: Header, tensors: Identity | None) -> Identity:
    """Return what a diffusers folder is; `tensors` is what its tensors alone would say."""
    config = header.config
    if tensors is not None and all(part.startswith("_") for part in config):
        return _component(config.get("_class_name", ""), tensors)
    inside = {part: name for part, name in config.items() if not part.startswith("_") and name}
    pipeline = config.get("_class_name", "")
    denoiser = next((inside[part] for part in _DENOISERS if part in inside), "")
    kind = _kind(pipeline, inside, denoiser)
    base, said = _base(denoiser, pipeline)
    if denoiser == _SHARED_CLASS and tensors is not None and tensors.base is not None:
        base = None  # one class for SD 1, SD 2, SDXL and its refiner: the tensors know better
    reasons = [
        Reason("kind", f"a diffusers folder: {pipeline or 'no pipeline'} with {len(inside)} parts")
    ]
    candidates: tuple[B, ...] = ()
    confidence = 1.0
    if base is not None:
        reasons.append(Reason("base", f"{said} is the class for {base.label}"))
    elif tensors is not None and tensors.base is not None:
        base, candidates = tensors.base, tensors.candidates
        confidence = tensors.confidence
        reasons.extend(tensors.reasons)
    else:
        candidates = _undecided(pipeline, denoiser)
        confidence = 0.0
        reasons.append(Reason("base", "the class names fit several bases"))
    identity = tensors or Identity()
    word = next((word for word in _VARIANT_WORDS if word in pipeline), None)
    return replace(
        identity,
        kind=kind,
        base=base,
        variant=identity.variant or (_VARIANT_WORDS[word] if word else None),
        parts=_parts(inside) or identity.parts,
        confidence=confidence,
        candidates=candidates,
        reasons=tuple(reasons),
    )


def _component(name: str, tensors: Identity) -> Identity:
    """One part of a pipeline alone: tensors tell its kind, and its class settles the base."""
    kind = tensors.kind
    if kind is ModelKind.UNKNOWN:
        kind = next((lone for word, lone in _LONE if word in name), kind)
    base, _ = _base(name, "")
    if base is None or base is tensors.base or kind in _BASELESS:
        return replace(tensors, kind=kind)
    reason = Reason("base", f"`{name}` in config.json is the class for {base.label}")
    return replace(
        tensors,
        kind=kind,
        base=base,
        confidence=1.0,
        candidates=(),
        reasons=(*tensors.reasons, reason),
    )


def _kind(pipeline: str, inside: Mapping[str, str], denoiser: str) -> ModelKind:
    if denoiser and (pipeline or len(inside) > 1):
        return ModelKind.CHECKPOINT
    names = [pipeline, denoiser, *inside.values()]
    return next((kind for word, kind in _LONE for name in names if word in name), ModelKind.UNKNOWN)


def _base(denoiser: str, pipeline: str) -> tuple[B | None, str]:
    """The denoiser's class is nearer to the weights than the pipeline's."""
    for name in (denoiser, pipeline):
        fits = [start for start in _CLASSES if name.startswith(start)]
        base = _CLASSES[max(fits, key=len)] if fits else None
        if base is not None:
            return base, name
    return None, ""


def _undecided(pipeline: str, denoiser: str) -> tuple[B, ...]:
    if pipeline.startswith("StableDiffusion"):
        return (B.SD1, B.SD2)
    return (B.SD1, B.SD2, B.SDXL) if denoiser == _SHARED_CLASS else ()


def _parts(inside: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    if any(part in inside for part in _DENOISERS):
        found.append("denoiser")
    if any(part.startswith("text_encoder") for part in inside):
        found.append("text_encoder")
    if any(part in ("vae", "vqgan", "movq") for part in inside):
        found.append("vae")
    return tuple(found)
