"""Load a diffusers folder of a transformer family: its configurations and safetensors, no code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.base import Base
from loradex.render.bases.chroma import ChromaBase
from loradex.render.bases.coder import Coder, Flux2Coder, KLCoder, QwenCoder
from loradex.render.bases.flow import FlowParts
from loradex.render.bases.flux import FluxBase
from loradex.render.bases.flux2 import Flux2KleinBase
from loradex.render.bases.qwen import QwenBase
from loradex.render.bases.sd3 import SD3Base
from loradex.render.bases.text_file import TOKENIZERS
from loradex.render.bases.vae_file import decoding
from loradex.render.bases.zimage import ZImageBase
from loradex.render.build import Kind, build
from loradex.render.device import Placed
from loradex.render.part_config import part_config
from loradex.render.parts import TextPart
from loradex.render.safefile import open_safe, read_json, weight_files
from loradex.render.text_names import plain_text_name
from loradex.render.tokenizers import load_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Layout:
    """What a pipeline's folder holds. `optional` text encoders may be missing."""

    base: Callable[[FlowParts], Base]
    transformer: Kind
    vae: Kind
    texts: Mapping[str, Kind]
    optional: frozenset[str] = frozenset()


LAYOUTS: Mapping[str, Layout] = {
    "StableDiffusion3Pipeline": Layout(
        SD3Base,
        "sd3",
        "vae",
        {
            "text_encoder": "text_projection",
            "text_encoder_2": "text_projection",
            "text_encoder_3": "t5",
        },
        frozenset({"text_encoder_3"}),
    ),
    "FluxPipeline": Layout(
        FluxBase, "flux", "vae", {"text_encoder": "text", "text_encoder_2": "t5"}
    ),
    "ChromaPipeline": Layout(ChromaBase, "chroma", "vae", {"text_encoder": "t5"}),
    "QwenImagePipeline": Layout(QwenBase, "qwen", "vae-qwen", {"text_encoder": "qwen2.5-vl"}),
    "ZImagePipeline": Layout(ZImageBase, "z-image", "vae", {"text_encoder": "qwen3"}),
    "Flux2KleinPipeline": Layout(Flux2KleinBase, "flux2", "vae-flux2", {"text_encoder": "qwen3"}),
}


def load_flow_folder(folder: Path, layout: Layout, placed: Placed) -> Base:
    """Return the checkpoint in `folder`, which is laid out so.

    Raises `NotRenderable` when a part is missing, is another network, or does not fit.
    """
    config = part_config(folder / "transformer", layout.transformer)
    texts: dict[str, TextPart] = {}
    for name, kind in layout.texts.items():
        if name in layout.optional and not (folder / name).is_dir():
            continue
        texts[name] = _text(folder, name, kind, placed)
    missing = tuple(
        f"{folder.name} has no {name}, so long prompts are read by the others alone."
        for name in layout.texts
        if name not in texts
    )
    return layout.base(
        FlowParts(
            transformer=build_from(layout.transformer, folder / "transformer", config, placed),
            coder=_coder(folder / "vae", layout.vae, decoding(placed)),
            texts=texts,
            scheduler=read_json(folder / "scheduler" / "scheduler_config.json"),
            notes=missing,
        )
    )


def _text(root: Path, name: str, kind: Kind, placed: Placed) -> TextPart:
    config = part_config(root / name, kind)
    inner = config.get("text_config")
    if kind == "qwen2.5-vl" and isinstance(inner, dict):
        # Newer writers keep the language model's options apart, older ones side by side.
        config = {**config, **inner}
    tokenizer = load_tokenizer(root / name.replace("text_encoder", "tokenizer"), TOKENIZERS[kind])
    layers = config.get("num_hidden_layers", 12)
    model = build_from(kind, root / name, config, placed)
    return TextPart(
        model, tokenizer, kind == "text_projection", layers if isinstance(layers, int) else 12
    )


def _coder(folder: Path, kind: Kind, placed: Placed) -> Coder:
    config = part_config(folder, kind)
    vae = build_from(kind, folder, config, placed)
    if kind == "vae-qwen":
        return QwenCoder(vae, _row(config, "latents_mean"), _row(config, "latents_std"))
    if kind == "vae-flux2":
        return Flux2Coder(vae, _number(config.get("batch_norm_eps", 1e-4)))
    return KLCoder(
        vae, _number(config.get("scaling_factor")), _number(config.get("shift_factor") or 0.0)
    )


def build_from(kind: Kind, folder: Path, config: Mapping[str, object], placed: Placed) -> nn.Module:
    """Build a network from the safetensors in `folder`, whole or in shards."""
    with ExitStack() as stack:
        files = [stack.enter_context(open_safe(path)) for path in weight_files(folder)]
        places = {
            plain_text_name(kind, name): (file, name) for file in files for name in file.names
        }

        def look_up(name: str) -> Tensor | None:
            found = places.get(plain_text_name(kind, name))
            return None if found is None else found[0].tensor(found[1])

        return build(kind, config, look_up, placed)


def _row(config: Mapping[str, object], name: str) -> tuple[float, ...]:
    values = config.get(name)
    if not isinstance(values, list | tuple):
        raise NotRenderable(f"The VAE's configuration lacks {name}.")
    return tuple(_number(value) for value in values)


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise NotRenderable(f"A configuration has {value!r} where a number is needed.")
