"""Load a diffusers folder: its configurations and safetensors, and no code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.build import Kind, build
from loradex.render.device import Placed
from loradex.render.naming import plain_clip_name
from loradex.render.noise import UNKNOWN, NoiseHints, hinted
from loradex.render.part_config import part_config
from loradex.render.parts import Parts, TextPart
from loradex.render.safefile import open_safe, read_json, weight_files
from loradex.render.single_file import vae_dtype
from loradex.render.tokenizers import load_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn

_PIPELINES = {
    "StableDiffusionPipeline": "sd",
    "StableDiffusionInpaintPipeline": "sd",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusionXLInpaintPipeline": "sdxl",
}
_TEXT_KINDS: Mapping[str, Kind] = {
    "CLIPTextModel": "text",
    "CLIPTextModelWithProjection": "text_projection",
}


def load_folder(
    folder: Path, placed: Placed, *, hints: NoiseHints = UNKNOWN, inpainting: bool = False
) -> Parts:
    """Return the parts of the diffusers folder on `placed`; raise `NotRenderable`.

    Inpainting models are refused unless asked for.
    """
    index = read_json(folder / "model_index.json")
    shape = _PIPELINES.get(str(index.get("_class_name")))
    if shape is None:
        raise NotRenderable(
            f"{folder.name} is a {index.get('_class_name')}, which is not drawn from.",
            hint="Only Stable Diffusion 1.x, 2.x and SDXL text-to-image folders are.",
        )
    unet_config = part_config(folder / "unet", "unet")
    allowed = (4, 9) if inpainting else (4,)
    if unet_config.get("in_channels", 4) not in allowed:
        raise NotRenderable(
            f"{folder.name} is not a text-to-image checkpoint: its U-Net takes "
            f"{unet_config.get('in_channels')} channels, not 4."
        )
    if unet_config.get("time_cond_proj_dim"):
        raise NotRenderable(
            f"{folder.name} is a full LCM U-Net, which takes its guidance in another way.",
            hint="The LCM LoRA on an ordinary checkpoint does the same, and is drawn.",
        )
    names = ("text_encoder",) if shape == "sd" else ("text_encoder", "text_encoder_2")
    vae_config = part_config(folder / "vae", "vae")
    if vae_config.get("shift_factor"):
        raise NotRenderable(f"The VAE of {folder.name} shifts latents, which is not supported.")
    return Parts(
        shape="sd" if shape == "sd" else "sdxl",
        unet=_build("unet", folder / "unet", unet_config, placed),
        vae=_build("vae", folder / "vae", vae_config, placed),
        texts=tuple(_text_part(folder, name, placed) for name in names),
        scheduler=hinted(read_json(folder / "scheduler" / "scheduler_config.json"), hints),
        zero_empty_negative=shape == "sdxl"
        and bool(index.get("force_zeros_for_empty_prompt", True)),
        vae_scale=_number(vae_config.get("scaling_factor", 0.18215)),
        vae_mean=_numbers(vae_config.get("latents_mean")),
        vae_std=_numbers(vae_config.get("latents_std")),
        layers=int(_number(unet_config.get("layers_per_block", 2))),
    )


def _text_part(root: Path, name: str, placed: Placed) -> TextPart:
    folder = root / name
    config = read_json(folder / "config.json")
    architectures = config.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    kind = _TEXT_KINDS.get(str(first))
    if kind is None:
        raise NotRenderable(f"The text encoder in {root.name}/{name} is a {first}, not a CLIP.")
    tokenizer = load_tokenizer(root / name.replace("text_encoder", "tokenizer"))
    layers = int(_number(config.get("num_hidden_layers", 12)))
    model = _build(kind, folder, config, placed)
    return TextPart(model, tokenizer, kind == "text_projection", layers)


def _build(kind: Kind, folder: Path, config: Mapping[str, object], placed: Placed) -> nn.Module:
    with ExitStack() as stack:
        files = [stack.enter_context(open_safe(path)) for path in weight_files(folder)]
        places = {plain_clip_name(name): (file, name) for file in files for name in file.names}

        def look_up(name: str) -> Tensor | None:
            found = places.get(plain_clip_name(name))
            return None if found is None else found[0].tensor(found[1])

        dtype = vae_dtype(placed, config) if kind == "vae" else None
        return build(kind, config, look_up, placed, dtype=dtype)


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise NotRenderable(f"A configuration has {value!r} where a number is needed.")


def _numbers(value: object) -> tuple[float, ...] | None:
    return tuple(_number(item) for item in value) if isinstance(value, list | tuple) else None
