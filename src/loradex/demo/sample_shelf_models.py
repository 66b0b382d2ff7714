"""The sample library's checkpoints, and what stands beside them.

One checkpoint has its full size, SD 1.5 in F16 (2.1 GB). The others are cut so that hashing all
files takes seconds: SD 2.1 is a denoiser in F8, SDXL has its smallest cousin's depths and no text
encoders, SD 3.5 has 1 block of 24, FLUX.1 has 1 of 19 and 1 of 38. Widths are never cut.
"""

from __future__ import annotations

from pathlib import Path

from loradex.demo.sample_entries import HubFacts, Sample, weights
from loradex.demo.sample_files import write_gguf, write_torch_zip
from loradex.demo.sample_metadata import modelspec
from loradex.demo.sample_parts import clip_l, controlnet_xl_small, esrgan, t2i_adapter, vae
from loradex.demo.sample_tensors import Tensors, under
from loradex.demo.sample_transformers import flux, sd3_medium
from loradex.demo.sample_unets import SD1, SD2, SDXL_SHALLOW, UNet, unet

_DENOISER, _VAE = "model.diffusion_model.", "first_stage_model."


def models() -> list[Sample]:
    """Everything that is no LoRA."""
    return [*_checkpoints(), *_transformers(), *_parts(), *_controls(), *_embeddings()]


def _bundle(net: UNet, *, text_encoder: bool) -> Tensors:
    yield from under(_DENOISER, unet(net))
    yield from under(_VAE, vae(4, quant=True))
    if text_encoder:
        yield from under("cond_stage_model.transformer.", clip_l())


def _checkpoints() -> list[Sample]:
    return [
        weights(
            "checkpoints/sd15/driftwoodMix_v3-pruned-fp16.safetensors",
            lambda: _bundle(SD1, text_encoder=True),
            metadata=modelspec(
                "stable-diffusion-v1", "Driftwood Mix v3", author="tidelark", resolution="512x512"
            ),
            hub=HubFacts(
                70101, 80101, "Driftwood Mix", "v3 pruned", "Checkpoint", "SD 1.5",
                tags=("base model", "painterly", "landscapes"), creator="tidelark",
                description="<p>Soft light, wide views. No trigger words.</p>",
            ),
            sidecars=(".preview.png",),
        ),
        weights(
            "checkpoints/sd21/quietHarbor_768v-fp8.safetensors",
            lambda: under(_DENOISER, unet(SD2)),
            "F8_E4M3",
            metadata=modelspec(
                "stable-diffusion-v2-768-v", "Quiet Harbor", prediction_type="v",
                resolution="768x768",
            ),
            hub=HubFacts(
                70102, 80102, "Quiet Harbor", "768-v", "Checkpoint", "SD 2.1 768",
                tags=("base model", "photography"), creator="ferrowick",
            ),
        ),
        weights(
            "checkpoints/xl/cinderMane_v20.fp8.safetensors",
            lambda: _bundle(SDXL_SHALLOW, text_encoder=False),
            "F8_E4M3",
            metadata=modelspec(
                "stable-diffusion-xl-v1-base", "Cinder Mane", author="ninth_kiln",
                merged_from="a_pony_v6, emberPaint_v1", resolution="1024x1024",
            ),
            hub=HubFacts(
                70103, 80103, "Cinder Mane", "v2.0", "Checkpoint", "Pony",
                tags=("base model", "anime", "creatures"), creator="ninth_kiln", content_level=2,
            ),
            sidecars=(".preview.png",),
        ),
        weights(
            "checkpoints/sd3/glasshouse.safetensors",
            lambda: under(_DENOISER, sd3_medium(1)),
            "F8_E4M3",
            hub=HubFacts(
                70104, 80104, "Glasshouse", "medium", "Checkpoint", "SD 3.5 Medium",
                tags=("base model",), creator="tidelark",
            ),
        ),
    ]  # fmt: skip


def _transformers() -> list[Sample]:
    quantised = "diffusion_models/flux/emberlight-schnell-Q4_K.gguf"

    def write(target: Path) -> None:
        write_gguf(target, flux(1, 1, guidance=False), quantised, architecture="flux")

    return [
        weights(
            "diffusion_models/flux/emberlight_v1_fp8.safetensors",
            lambda: flux(1, 1, guidance=True),
            "F8_E4M3",
            hub=HubFacts(
                70105, 80105, "Emberlight", "dev fp8", "Checkpoint", "Flux.1 D",
                tags=("base model", "realistic"), creator="ferrowick",
            ),
            sidecars=(".preview.png",),
        ),
        Sample(
            quantised,
            write,
            HubFacts(
                70105, 80106, "Emberlight", "schnell Q4_K", "Checkpoint", "Flux.1 S",
                tags=("base model", "realistic"), creator="ferrowick",
            ),
        ),
    ]  # fmt: skip


def _parts() -> list[Sample]:
    upscaler = "upscale_models/4x_Pebble.pth"

    def write(target: Path) -> None:
        write_torch_zip(target, esrgan(6), "F16", upscaler, wrap="params_ema")

    return [
        weights(
            "vae/clearpane-560k.safetensors",
            lambda: vae(4, quant=True),
            hub=HubFacts(
                70106, 80107, "Clearpane", "560k", "VAE", "SD 1.5", creator="mossgate",
            ),
        ),
        weights("vae/ae.safetensors", lambda: vae(16, quant=False), "BF16"),
        weights("text_encoders/clip_l.safetensors", clip_l, "F8_E4M3", metadata={"format": "pt"}),
        Sample(
            upscaler,
            write,
            HubFacts(
                70107, 80108, "Pebble 4x", "1.0", "Upscaler", "Upscaler", creator="ninth_kiln",
            ),
        ),
    ]  # fmt: skip


def _controls() -> list[Sample]:
    return [
        weights(
            "controlnet/xl/outline_small.safetensors",
            controlnet_xl_small,
            hub=HubFacts(
                70108, 80109, "Outline XL", "small", "Controlnet", "SDXL 1.0",
                tags=("controlnet", "lineart"), creator="ferrowick",
            ),
        ),
        weights("t2i_adapter/sketchlines_sd15v2.safetensors", t2i_adapter),
    ]  # fmt: skip


def _embeddings() -> list[Sample]:
    pickled = "embeddings/old/kelp-2500.pt"

    def write(target: Path) -> None:
        beside: dict[str, str | int] = {"name": "kelp", "step": 2500}
        tensors = [("*", (6, 768))]
        write_torch_zip(target, tensors, "F32", pickled, wrap="string_to_param", beside=beside)

    return [
        weights(
            "embeddings/sd15/MudNegative.safetensors",
            lambda: iter([("emb_params", (4, 768))]),
            "F32",
            hub=HubFacts(
                70109, 80110, "Mud Negative", "v1", "TextualInversion", "SD 1.5",
                trained_words=("MudNegative",), tags=("negative", "tool"), creator="mossgate",
            ),
            sidecars=(".txt",),
        ),
        weights(
            "embeddings/xl/PlainNeg_XL.safetensors",
            lambda: iter([("clip_g", (2, 1280)), ("clip_l", (2, 768))]),
            "F32",
            hub=HubFacts(
                70110, 80111, "Plain Negative XL", "v2", "TextualInversion", "SDXL 1.0",
                trained_words=("PlainNeg_XL",), tags=("negative",), creator="tidelark",
            ),
        ),
        weights("embeddings/sd21/frost_768.safetensors", lambda: iter([("emb_params", (8, 1024))])),
        Sample(pickled, write),
    ]  # fmt: skip
