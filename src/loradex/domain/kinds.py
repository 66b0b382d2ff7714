"""What a model file is for, and which architecture it belongs to.

The ids are stable: they are stored, printed with `--json` and typed into queries.
"""

from __future__ import annotations

from enum import StrEnum


class ModelKind(StrEnum):
    """What a file is for."""

    CHECKPOINT = "checkpoint"
    """A denoiser with a VAE and/or text encoders in the same file or folder."""
    DIFFUSION_MODEL = "diffusion_model"
    """A denoiser alone: a UNet or a transformer, or one shard of it."""
    LORA = "lora"
    """Any LyCORIS algorithm too; which one is `Identity.algorithm`."""
    CONTROLNET = "controlnet"
    T2I_ADAPTER = "t2i_adapter"
    IP_ADAPTER = "ip_adapter"
    VAE = "vae"
    EMBEDDING = "embedding"
    TEXT_ENCODER = "text_encoder"
    CLIP_VISION = "clip_vision"
    UPSCALER = "upscaler"
    MOTION_MODULE = "motion_module"
    STYLE_MODEL = "style_model"
    HYPERNETWORK = "hypernetwork"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The word a person sees."""
        return _KIND_LABELS[self]


_KIND_LABELS: dict[ModelKind, str] = {
    ModelKind.CHECKPOINT: "Checkpoint",
    ModelKind.DIFFUSION_MODEL: "Diffusion model",
    ModelKind.LORA: "LoRA",
    ModelKind.CONTROLNET: "ControlNet",
    ModelKind.T2I_ADAPTER: "T2I-Adapter",
    ModelKind.IP_ADAPTER: "IP-Adapter",
    ModelKind.VAE: "VAE",
    ModelKind.EMBEDDING: "Embedding",
    ModelKind.TEXT_ENCODER: "Text encoder",
    ModelKind.CLIP_VISION: "CLIP vision",
    ModelKind.UPSCALER: "Upscaler",
    ModelKind.MOTION_MODULE: "Motion module",
    ModelKind.STYLE_MODEL: "Style model",
    ModelKind.HYPERNETWORK: "Hypernetwork",
    ModelKind.UNKNOWN: "Unknown",
}


class BaseModel(StrEnum):
    """The architecture a model belongs to. Pony, Illustrious and NoobAI are SDXL derivatives."""

    SD1 = "sd1"
    SD2 = "sd2"
    SDXL = "sdxl"
    SDXL_REFINER = "sdxl-refiner"
    SVD = "svd"
    SD3 = "sd3"
    FLUX1 = "flux1"
    FLUX2 = "flux2"
    CHROMA = "chroma"
    CHROMA_RADIANCE = "chroma-radiance"
    QWEN_IMAGE = "qwen-image"
    QWEN_IMAGE_2_1 = "qwen-image-2.1"
    Z_IMAGE = "z-image"
    LUMINA2 = "lumina2"
    WAN = "wan"
    HUNYUAN_VIDEO = "hunyuan-video"
    HUNYUAN_VIDEO_1_5 = "hunyuan-video-1.5"
    HUNYUAN_IMAGE_2_1 = "hunyuan-image-2.1"
    HUNYUAN_DIT = "hunyuan-dit"
    LTX_VIDEO = "ltx-video"
    LTX2 = "ltx2"
    MOCHI = "mochi"
    COSMOS1 = "cosmos1"
    COSMOS_PREDICT2 = "cosmos-predict2"
    ANIMA = "anima"
    KREA2 = "krea2"
    IDEOGRAM4 = "ideogram4"
    HIDREAM = "hidream"
    AURAFLOW = "auraflow"
    PIXART = "pixart"
    SANA = "sana"
    CASCADE = "cascade"
    OMNIGEN2 = "omnigen2"
    ERNIE_IMAGE = "ernie-image"
    KANDINSKY5 = "kandinsky5"
    COGVIEW4 = "cogview4"
    COGVIDEOX = "cogvideox"
    OVIS_IMAGE = "ovis-image"
    LONGCAT_IMAGE = "longcat-image"
    ACE_STEP = "ace-step"
    STABLE_AUDIO = "stable-audio"
    HUNYUAN3D = "hunyuan3d"
    KOLORS = "kolors"
    MINIMAX_H3 = "minimax-h3"
    PRX = "prx"
    BRIA = "bria"
    ALLEGRO = "allegro"
    ANIMATEDIFF = "animatediff"

    @property
    def label(self) -> str:
        """The word a person sees."""
        return _BASE_LABELS[self]


_BASE_LABELS: dict[BaseModel, str] = {
    BaseModel.SD1: "SD 1.5",
    BaseModel.SD2: "SD 2",
    BaseModel.SDXL: "SDXL",
    BaseModel.SDXL_REFINER: "SDXL Refiner",
    BaseModel.SVD: "SVD",
    BaseModel.SD3: "SD 3",
    BaseModel.FLUX1: "FLUX.1",
    BaseModel.FLUX2: "FLUX.2",
    BaseModel.CHROMA: "Chroma",
    BaseModel.CHROMA_RADIANCE: "Chroma Radiance",
    BaseModel.QWEN_IMAGE: "Qwen-Image",
    BaseModel.QWEN_IMAGE_2_1: "Qwen-Image 2.1",
    BaseModel.Z_IMAGE: "Z-Image",
    BaseModel.LUMINA2: "Lumina 2",
    BaseModel.WAN: "Wan",
    BaseModel.HUNYUAN_VIDEO: "HunyuanVideo",
    BaseModel.HUNYUAN_VIDEO_1_5: "HunyuanVideo 1.5",
    BaseModel.HUNYUAN_IMAGE_2_1: "HunyuanImage 2.1",
    BaseModel.HUNYUAN_DIT: "HunyuanDiT",
    BaseModel.LTX_VIDEO: "LTX-Video",
    BaseModel.LTX2: "LTX-2",
    BaseModel.MOCHI: "Mochi",
    BaseModel.COSMOS1: "Cosmos 1",
    BaseModel.COSMOS_PREDICT2: "Cosmos-Predict2",
    BaseModel.ANIMA: "Anima",
    BaseModel.KREA2: "Krea 2",
    BaseModel.IDEOGRAM4: "Ideogram 4",
    BaseModel.HIDREAM: "HiDream",
    BaseModel.AURAFLOW: "AuraFlow",
    BaseModel.PIXART: "PixArt",
    BaseModel.SANA: "Sana",
    BaseModel.CASCADE: "Stable Cascade",
    BaseModel.OMNIGEN2: "OmniGen2",
    BaseModel.ERNIE_IMAGE: "ERNIE-Image",
    BaseModel.KANDINSKY5: "Kandinsky 5",
    BaseModel.COGVIEW4: "CogView4",
    BaseModel.COGVIDEOX: "CogVideoX",
    BaseModel.OVIS_IMAGE: "Ovis-Image",
    BaseModel.LONGCAT_IMAGE: "LongCat-Image",
    BaseModel.ACE_STEP: "ACE-Step",
    BaseModel.STABLE_AUDIO: "Stable Audio",
    BaseModel.HUNYUAN3D: "Hunyuan3D",
    BaseModel.KOLORS: "Kolors",
    BaseModel.MINIMAX_H3: "MiniMax H3",
    BaseModel.PRX: "PRX",
    BaseModel.BRIA: "Bria",
    BaseModel.ALLEGRO: "Allegro",
    BaseModel.ANIMATEDIFF: "AnimateDiff",
}
