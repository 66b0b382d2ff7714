"""Load an LDM-named single-file checkpoint: SD 1.x, SD 2.x, SDXL, of any width."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render import naming
from loradex.render.build import Kind, TensorSource, build
from loradex.render.device import Placed
from loradex.render.infer import (
    Shapes,
    clip_config,
    open_clip_config,
    unet_layout,
    vae_config,
)
from loradex.render.parts import Parts, TextPart
from loradex.render.safefile import SafeFile, open_safe
from loradex.render.tokenizers import find_tokenizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_OTHER_NOISE = ("edm_mean", "edm_vpred.sigma_max")
_SCALED = (".scale_weight", ".weight_scale", ".absmax", ".qweight", ".comfy_quant")


@dataclass(frozen=True, slots=True)
class _TextSource:
    """Where one text encoder lies in the file, and in which naming."""

    prefix: str
    open_clip: bool
    projects: bool
    pad_token: str
    drop_last: bool = False


_CLIP_L = _TextSource("cond_stage_model.transformer.", False, False, "<|endoftext|>")
_CLIP_H = _TextSource("cond_stage_model.model.", True, False, "!", drop_last=True)
_XL = (
    _TextSource("conditioner.embedders.0.transformer.", False, False, "<|endoftext|>"),
    _TextSource("conditioner.embedders.1.model.", True, True, "!"),
)


def load_single_file(path: Path, placed: Placed) -> Parts:
    """Return the parts of the checkpoint in `path` on `placed`; raise `NotRenderable`."""
    with open_safe(path) as file:
        _refuse_unusual(file)
        sources = _text_sources(file)
        texts = tuple(_text_part(file, source, placed) for source in sources)
        pooled = _pooled_width(file, sources)
        layout = unet_layout(_shapes(file, naming.UNET_PREFIX), pooled=pooled)

        def unet_name(name: str) -> str:
            return naming.UNET_PREFIX + naming.unet_ldm_name(
                name, layers=layout.layers, attention_levels=layout.attention_levels
            )

        unet = build("unet", layout.config, _source(file, unet_name), placed)
        vae, scale = _vae(file, placed, is_xl=layout.is_xl)
        scheduler, notes = _scheduler(file, is_sd2=sources == (_CLIP_H,), is_xl=layout.is_xl)
    return Parts(
        shape="sdxl" if layout.is_xl else "sd",
        unet=unet,
        vae=vae,
        texts=texts,
        scheduler=scheduler,
        zero_empty_negative=layout.is_xl,
        vae_scale=scale,
        vae_mean=None,
        vae_std=None,
        layers=layout.layers,
        notes=notes,
    )


def _refuse_unusual(file: SafeFile) -> None:
    if not any(name.startswith(naming.UNET_PREFIX + "input_blocks.") for name in file.names):
        raise NotRenderable(
            f"{file.path.name} is not a whole SD 1.x, SD 2.x or SDXL checkpoint.",
            hint="Only these families are drawn from, as single files or diffusers folders.",
        )
    if naming.UNET_PREFIX + "time_embed.cond_proj.weight" in file.names:
        raise NotRenderable(f"{file.path.name} is a full LCM U-Net, which is not drawn from.")
    if any(name in file.names for name in _OTHER_NOISE):
        raise NotRenderable(f"{file.path.name} uses the EDM noise schedule, which is not drawn.")
    if any(name.endswith(_SCALED) for name in file.names):
        raise NotRenderable(
            f"{file.path.name} holds quantised weights, which are not drawn from.",
            hint="Use the float16 or bfloat16 version of this checkpoint.",
        )


def _text_sources(file: SafeFile) -> tuple[_TextSource, ...]:
    for sources in (_XL, (_CLIP_L,), (_CLIP_H,)):
        if all(any(name.startswith(one.prefix) for name in file.names) for one in sources):
            return sources
    raise NotRenderable(
        f"{file.path.name} holds no text encoder that is known.",
        hint="Pruned files without one, and SDXL refiners, are not drawn from.",
    )


def _text_part(file: SafeFile, source: _TextSource, placed: Placed) -> TextPart:
    shapes = _shapes(file, source.prefix)
    kind: Kind = "text_projection" if source.projects else "text"
    if source.open_clip:
        config = open_clip_config(shapes, drop_last=source.drop_last)
        tensors = _open_clip_source(file, source.prefix)
    else:
        # Files of the first year lack the `text_model.` that all later ones have.
        inner = "text_model." if "text_model.embeddings.token_embedding.weight" in shapes else ""
        config = clip_config({naming.plain_clip_name(name): shapes[name] for name in shapes})
        prefix = source.prefix + inner
        tensors = _source(file, lambda name: prefix + naming.plain_clip_name(name))
    words, layers = config["vocab_size"], config["num_hidden_layers"]
    assert isinstance(words, int) and isinstance(layers, int)  # noqa: S101 - set by us just above
    tokenizer = find_tokenizer(file.path, words=words, pad_token=source.pad_token)
    return TextPart(build(kind, config, tensors, placed), tokenizer, source.projects, layers)


def _pooled_width(file: SafeFile, sources: tuple[_TextSource, ...]) -> int | None:
    name = f"{sources[-1].prefix}text_projection"
    return file.shape(name)[1] if sources[-1].projects and name in file.names else None


def _open_clip_source(file: SafeFile, prefix: str) -> TensorSource:
    def look_up(name: str) -> Tensor | None:
        theirs, third = naming.open_clip_name(name)
        if prefix + theirs not in file.names:
            return None
        tensor = file.tensor(prefix + theirs)
        if third is not None:
            return tensor.chunk(3)[third]
        return tensor.T if theirs == "text_projection" else tensor

    return look_up


def _vae(file: SafeFile, placed: Placed, *, is_xl: bool) -> tuple[torch.nn.Module, float]:
    config = vae_config(_shapes(file, naming.VAE_PREFIX), is_xl=is_xl)
    widths, scale = config["block_out_channels"], config["scaling_factor"]
    assert isinstance(widths, list) and isinstance(scale, float)  # noqa: S101 - set by us
    levels = len(widths)

    def look_up(name: str) -> Tensor | None:
        theirs = naming.VAE_PREFIX + naming.vae_ldm_name(name, levels=levels)
        if theirs not in file.names:
            return None
        tensor = file.tensor(theirs)
        # The only attention of a VAE is stored as 1x1 convolutions there.
        return tensor[:, :, 0, 0] if ".mid.attn_1." in theirs and tensor.dim() == 4 else tensor

    return build("vae", config, look_up, placed, dtype=vae_dtype(placed, config)), scale


def vae_dtype(placed: Placed, config: Mapping[str, object]) -> torch.dtype:
    """Return the dtype to decode in: SDXL's VAE overflows in float16, so it gets float32."""
    import torch  # noqa: PLC0415 - heavy

    chosen = placed.torch_dtype
    return torch.float32 if chosen == torch.float16 and config.get("force_upcast") else chosen


def _scheduler(
    file: SafeFile, *, is_sd2: bool, is_xl: bool
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the noise schedule as diffusers words it, and what had to be assumed."""
    config: dict[str, object] = {
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "steps_offset": 1,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "prediction_type": "epsilon",
    }
    if is_xl:
        config["timestep_spacing"] = "leading"
    stated = file.metadata.get("modelspec.prediction_type", "").casefold()
    architecture = file.metadata.get("modelspec.architecture", "")
    says_v = "v_pred" in file.names or stated.startswith("v") or architecture.endswith("-768-v")
    notes: tuple[str, ...] = ()
    if is_sd2 and not says_v and not stated.startswith("eps"):
        says_v = True
        notes = (
            f"{file.path.name} does not say how it predicts noise; v-prediction is assumed, "
            "as in SD 2.1 at 768 pixels. If pictures come out wrong, use a diffusers folder.",
        )
    if says_v:
        config["prediction_type"] = "v_prediction"
    if "ztsnr" in file.names:
        config |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return config, notes


def _shapes(file: SafeFile, prefix: str) -> Shapes:
    return {
        name.removeprefix(prefix): file.shape(name)
        for name in file.names
        if name.startswith(prefix)
    }


def _source(file: SafeFile, rename: Callable[[str], str]) -> TensorSource:
    def look_up(name: str) -> Tensor | None:
        theirs = rename(name)
        return file.tensor(theirs) if theirs in file.names else None

    return look_up
