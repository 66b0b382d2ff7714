"""Load the image half of a CLIP, which some keep beside their checkpoints.

It comes as IP-Adapter's folder `image_encoder`, as a checkpoint's `safety_checker`, as a whole CLIP
with its text half, or as one file as ComfyUI keeps them in `clip_vision`: in the names of
transformers, or in those of OpenCLIP. Sizes are read off the tensors. What those do not tell is in
the configuration of a folder, and follows the published towers where there is none: OpenAI's have
heads of 64 and a quick GELU; the wider ones of LAION 16 heads and an exact GELU.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, takewhile
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.build import TensorSource, build
from loradex.render.device import Placed
from loradex.render.naming import open_clip_name
from loradex.render.safefile import SafeFile, open_safe, read_json, weight_files

if TYPE_CHECKING:
    from torch import Tensor, nn

_PREFIX = "vision_model."
_OPEN_CLIP = "visual."
_OPEN_CLIP_NAMES = {
    "embeddings.class_embedding": "class_embedding",
    "embeddings.patch_embedding.weight": "conv1.weight",
    "pre_layrnorm.weight": "ln_pre.weight",
    "pre_layrnorm.bias": "ln_pre.bias",
    "post_layernorm.weight": "ln_post.weight",
    "post_layernorm.bias": "ln_post.bias",
    "visual_projection.weight": "proj",
}
_LAION_WIDTHS = (1280, 1664)
_LAION_HEADS = 16
_HEAD_WIDTH = 64
_MOST_LAYERS = 128
_IN_FOLDER = "model.safetensors"
_LARGEST_SIDE = 1024
_SAID = ("hidden_act", "num_attention_heads", "layer_norm_eps")
"""What tensors do not tell, by its name in configurations."""


@dataclass(frozen=True, slots=True)
class ImageTower:
    """A tower on its device. It sees squares of `side` pixels and answers with `width` numbers."""

    model: nn.Module
    name: str
    side: int
    width: int


def load_tower(path: Path, placed: Placed) -> ImageTower:
    """Return the tower in a folder or a safetensors file; raise `NotRenderable`."""
    files = weight_files(path) if path.is_dir() else (path,)
    folder = path if path.is_dir() else path.parent
    # A file that still has the name it has in its folder lies in it; beside others are strangers.
    in_folder = path.is_dir() or (path.name == _IN_FOLDER and (folder / "config.json").is_file())
    said = _said(folder) if in_folder else {}
    with ExitStack() as stack:
        source = _source([stack.enter_context(open_safe(file)) for file in files])
        config = tower_config(source, path.name) | said
        model = build("image_projection", config, source, placed)
    name = f"{folder.parent.name}/{folder.name}" if in_folder else path.stem
    return ImageTower(model, name, _number(config["image_size"]), _number(config["projection_dim"]))


def tower_config(source: TensorSource, name: str) -> dict[str, object]:
    """Return a tower's configuration in transformers' words, from its tensors alone.

    `name` is what to call the file. Raises `NotRenderable` for what is no tower of a CLIP.
    """
    patches = _shape(source, "embeddings.patch_embedding.weight", name)
    rows = _shape(source, "embeddings.position_embedding.weight", name)[0]
    inner = _shape(source, "encoder.layers.0.mlp.fc1.weight", name)[0]
    projected = _shape(source, "visual_projection.weight", name)[0]
    width, patch = patches[0], patches[-1]
    side = isqrt(max(0, rows - 1)) * patch
    if len(patches) != 4 or rows - 1 != (side // max(1, patch)) ** 2 or side > _LARGEST_SIDE:
        raise NotRenderable(f"{name} is a tower for no square pictures of a usual size.")
    layers = takewhile(
        lambda layer: source(f"encoder.layers.{layer}.layer_norm1.weight") is not None, count()
    )
    is_laion = width in _LAION_WIDTHS
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": min(sum(1 for _ in layers), _MOST_LAYERS),
        "num_attention_heads": _LAION_HEADS if is_laion else max(1, width // _HEAD_WIDTH),
        "hidden_act": "gelu" if is_laion else "quick_gelu",
        "image_size": side,
        "patch_size": patch,
        "projection_dim": projected,
    }


def _source(files: Sequence[SafeFile]) -> TensorSource:
    """Return what looks a tower's weights up, by transformers' names with or without prefix."""
    places = {_plain(name): (file, name) for file in files for name in file.names}
    is_open_clip = f"{_OPEN_CLIP}class_embedding" in places

    def look_up(name: str) -> Tensor | None:
        theirs, third = _plain(name), None
        if is_open_clip:
            theirs, third = open_clip_name(_OPEN_CLIP_NAMES.get(theirs, theirs))
            theirs = _OPEN_CLIP + theirs
        found = places.get(theirs)
        if found is None:
            return None
        tensor = found[0].tensor(found[1])
        if third is not None:
            return tensor.chunk(3)[third]
        return tensor.T if theirs == f"{_OPEN_CLIP}proj" else tensor

    return look_up


def _plain(name: str) -> str:
    """Return a name without `vision_model.`, which a safety checker has twice and some never."""
    while name.startswith(_PREFIX):
        name = name.removeprefix(_PREFIX)
    return name


def _shape(source: TensorSource, weight: str, name: str) -> tuple[int, ...]:
    tensor = source(weight)
    if tensor is None or not tensor.ndim:
        raise NotRenderable(
            f"{name} is not the image half of a CLIP: it lacks {weight}.",
            hint="Towers with a projection are, as IP-Adapter's image_encoder.",
        )
    return tuple(tensor.shape)


def _said(folder: Path) -> dict[str, object]:
    config = read_json(folder / "config.json")
    inner = config.get("vision_config")
    said = inner if isinstance(inner, dict) else config
    return {name: said[name] for name in _SAID if name in said}


def _number(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101 - read off a shape by us
    return value
