"""Load an LDM-named single file: SD 1.x, SD 2.x, SDXL, of any width, whole or a U-Net alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render import naming
from loradex.render.bases.companions import Companions, Missing, refuse_missing
from loradex.render.bases.unet_companions import (
    CLIP_L_PADDING,
    OTHER_PADDING,
    companion_texts,
    companion_vae,
    missing_texts,
    text_places,
    text_widths,
    vae_file_name,
)
from loradex.render.bases.vae_file import build_kl
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.build import Kind, TensorSource, build
from loradex.render.device import Placed
from loradex.render.infer import (
    NARROW,
    Shapes,
    UNetLayout,
    clip_config,
    open_clip_config,
    refuse_other_inputs,
    unet_layout,
)
from loradex.render.noise import UNKNOWN, NoiseHints, single_file_noise
from loradex.render.parts import Parts, TextPart
from loradex.render.tokenizers import find_tokenizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_OTHER_NOISE = ("edm_mean", "edm_vpred.sigma_max")
_PREFIXES = (naming.UNET_PREFIX, "diffusion_model.", "")
_NOTHING = Companions()


@dataclass(frozen=True, slots=True)
class _TextSource:
    """Where one text encoder lies in the file, and in which naming."""

    prefix: str
    open_clip: bool
    projects: bool
    pad_token: str
    drop_last: bool = False


_CLIP_L = _TextSource("cond_stage_model.transformer.", False, False, CLIP_L_PADDING)
_CLIP_H = _TextSource("cond_stage_model.model.", True, False, OTHER_PADDING, drop_last=True)
_XL = (
    _TextSource("conditioner.embedders.0.transformer.", False, False, CLIP_L_PADDING),
    _TextSource("conditioner.embedders.1.model.", True, True, OTHER_PADDING),
)


def load_single_file(
    path: Path,
    placed: Placed,
    *,
    companions: Companions = _NOTHING,
    hints: NoiseHints = UNKNOWN,
    inpainting: bool = False,
) -> Parts:
    """Return the parts of the checkpoint in `path` on `placed`.

    A VAE or text encoders that the file lacks are taken from `companions`. Inpainting models are
    refused unless asked for. Raises `NotRenderable`.
    """
    with open_weights(path) as file:
        prefix = _unet_prefix(file)
        _refuse_unusual(file, prefix)
        if not inpainting:
            refuse_other_inputs(file.shape(f"{prefix}input_blocks.0.0.weight")[1])
        sources = _text_sources(file)
        with companion_vae(file, companions, f"{prefix}label_emb.0.0.weight" in file.names) as vae:
            texts, pooled = _texts(file, sources, placed, companions, prefix)
            narrow = file.metadata.get(NARROW) == "1"
            layout = unet_layout(_shapes(file, prefix), pooled=pooled, narrow=narrow)
            unet = build("unet", layout.config, _unet_source(file, prefix, layout), placed)
            built = build_kl(
                *vae, placed, is_xl=layout.is_xl, dtype=vae_dtype(placed, _upcast(layout.is_xl))
            )
        scheduler, notes = single_file_noise(
            file, is_sd2=sources == (_CLIP_H,), is_xl=layout.is_xl, hints=hints
        )
    return Parts(
        shape="sdxl" if layout.is_xl else "sd",
        unet=unet,
        vae=built,
        texts=texts,
        scheduler=scheduler,
        zero_empty_negative=layout.is_xl,
        vae_scale=0.13025 if layout.is_xl else 0.18215,
        vae_mean=None,
        vae_std=None,
        layers=layout.layers,
        notes=notes,
    )


def missing_parts(file: Weights, companions: Companions) -> tuple[Missing, ...]:
    """Return what a U-Net file needs and has not got, reading headers alone; () for other files."""
    try:
        prefix = _unet_prefix(file)
    except NotRenderable:
        return ()
    is_xl = f"{prefix}label_emb.0.0.weight" in file.names
    missing: list[Missing] = []
    try:
        with companion_vae(file, companions, is_xl):
            pass
    except NotRenderable as error:
        missing.append(Missing("vae", str(error), vae_file_name(is_xl)))
    if not _text_sources(file):
        widths = text_widths(file, is_xl=is_xl)
        missing += missing_texts(file, widths, set(text_places(companions, widths)))
    return tuple(missing)


def borrowed_parts(file: Weights, companions: Companions) -> tuple[Path, ...]:
    """Return the companions that `load_single_file` would take parts from, reading headers alone.

    Raises `NotRenderable` naming what is missing.
    """
    refuse_missing(missing_parts(file, companions))
    try:
        prefix = _unet_prefix(file)
    except NotRenderable:  # no U-Net at all, which is said when it is loaded
        return ()
    is_xl = f"{prefix}label_emb.0.0.weight" in file.names
    with companion_vae(file, companions, is_xl) as (holder, _):
        paths = [holder.path]
    if not _text_sources(file):
        places = text_places(companions, text_widths(file, is_xl=is_xl))
        paths += [source.path for source in places.values()]
    return tuple(path for path in dict.fromkeys(paths) if path != file.path)


def _upcast(is_xl: bool) -> Mapping[str, object]:
    return {"force_upcast": is_xl}


def _unet_prefix(file: Weights) -> str:
    for prefix in _PREFIXES:
        if {f"{prefix}input_blocks.0.0.weight", f"{prefix}out.2.weight"} <= file.names:
            return prefix
    raise NotRenderable(
        f"{file.path.name} is not a whole SD 1.x, SD 2.x or SDXL checkpoint.",
        hint="Only these families are drawn from, as single files or diffusers folders.",
    )


def _unet_source(file: Weights, prefix: str, layout: UNetLayout) -> TensorSource:
    def unet_name(name: str) -> str:
        return prefix + naming.unet_ldm_name(
            name, layers=layout.layers, attention_levels=layout.attention_levels
        )

    return _source(file, unet_name)


def _refuse_unusual(file: Weights, prefix: str) -> None:
    if f"{prefix}time_embed.cond_proj.weight" in file.names:
        raise NotRenderable(f"{file.path.name} is a full LCM U-Net, which is not drawn from.")
    if any(name in file.names for name in _OTHER_NOISE):
        raise NotRenderable(f"{file.path.name} uses the EDM noise schedule, which is not drawn.")


def _text_sources(file: Weights) -> tuple[_TextSource, ...]:
    """Return where the text encoders lie; nowhere in a U-Net alone."""
    for sources in (_XL, (_CLIP_L,), (_CLIP_H,)):
        if all(any(name.startswith(one.prefix) for name in file.names) for one in sources):
            return sources
    return ()


def _texts(
    file: Weights,
    sources: tuple[_TextSource, ...],
    placed: Placed,
    companions: Companions,
    prefix: str,
) -> tuple[tuple[TextPart, ...], int | None]:
    """Return the text encoders, and the width of the pooled output, None without one."""
    if sources:
        texts = tuple(_text_part(file, source, placed, companions.tokenizers) for source in sources)
        return texts, _pooled_width(file, sources)
    is_xl = f"{prefix}label_emb.0.0.weight" in file.names
    widths = text_widths(file, is_xl=is_xl)
    return companion_texts(file, widths, placed, companions), widths[-1] if is_xl else None


def _text_part(
    file: Weights, source: _TextSource, placed: Placed, tokenizers: tuple[Path, ...]
) -> TextPart:
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
    tokenizer = find_tokenizer(file.path, words=words, pad_token=source.pad_token, last=tokenizers)
    return TextPart(build(kind, config, tensors, placed), tokenizer, source.projects, layers)


def _pooled_width(file: Weights, sources: tuple[_TextSource, ...]) -> int | None:
    name = f"{sources[-1].prefix}text_projection"
    return file.shape(name)[1] if sources[-1].projects and name in file.names else None


def _open_clip_source(file: Weights, prefix: str) -> TensorSource:
    def look_up(name: str) -> Tensor | None:
        theirs, third = naming.open_clip_name(name)
        if prefix + theirs not in file.names:
            return None
        tensor = file.tensor(prefix + theirs)
        if third is not None:
            return tensor.chunk(3)[third]
        return tensor.T if theirs == "text_projection" else tensor

    return look_up


def vae_dtype(placed: Placed, config: Mapping[str, object]) -> torch.dtype:
    """Return the dtype to decode in: SDXL's VAE overflows in float16, so it gets float32."""
    import torch  # noqa: PLC0415 - heavy

    chosen = placed.torch_dtype
    return torch.float32 if chosen == torch.float16 and config.get("force_upcast") else chosen


def _shapes(file: Weights, prefix: str) -> Shapes:
    return {
        name.removeprefix(prefix): file.shape(name)
        for name in file.names
        if name.startswith(prefix)
    }


def _source(file: Weights, rename: Callable[[str], str]) -> TensorSource:
    def look_up(name: str) -> Tensor | None:
        theirs = rename(name)
        return file.tensor(theirs) if theirs in file.names else None

    return look_up
