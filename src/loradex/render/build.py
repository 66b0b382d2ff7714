"""Make a network from its configuration and the tensors of a file, without random weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Literal, Protocol

from loradex.errors import NotRenderable

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from loradex.render.device import Placed

Kind = Literal["unet", "vae", "text", "text_projection"]

_LAYER_COUNTS = (
    "layers_per_block",
    "num_hidden_layers",
    "transformer_layers_per_block",
    "reverse_transformer_layers_per_block",
)
_CONFIG_ERRORS = (
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)
"""What libraries raise while building from a configuration that makes no sense."""
_MOST_LAYERS = 64
_MOST_BLOCKS = 16
_CLIP = frozenset(
    {
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "max_position_embeddings",
        "hidden_act",
        "layer_norm_eps",
        "projection_dim",
        "bos_token_id",
        "eos_token_id",
        "pad_token_id",
    }
)


class TensorSource(Protocol):
    """Gives the tensor for one of our parameter names, or None where the file has none."""

    def __call__(self, name: str) -> Tensor | None:
        """Look `name` up; what comes back may share memory with a file."""


def build(
    kind: Kind,
    config: Mapping[str, object],
    source: TensorSource,
    placed: Placed,
    *,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """Return a network in evaluation mode on `placed`, its weights copied from `source`.

    Shapes are held against the configuration before anything is allocated. Raises
    `NotRenderable` when the configuration is unusable or a weight is missing or misshapen.
    """
    import torch  # noqa: PLC0415 - heavy

    _check_counts(config)
    with torch.device("meta"), _as_not_renderable(kind):
        model = _empty(kind, config)
    weights: dict[str, Tensor] = {}
    for name, expected in model.state_dict().items():
        found = source(name)
        if found is None:
            raise NotRenderable(f"The {_WORDS[kind]} lacks the weight {name}.")
        if found.shape != expected.shape:
            raise NotRenderable(
                f"The {_WORDS[kind]}'s weight {name} has the shape {list(found.shape)}, "
                f"but {list(expected.shape)} is needed."
            )
        # copy=True: a merge must never write through to the file's mapped pages.
        weights[name] = found.to(
            placed.device,
            dtype or placed.torch_dtype,
            copy=True,
            memory_format=torch.contiguous_format,
        )
    model.load_state_dict(weights, strict=True, assign=True)
    _fill_buffers(model, placed.device)
    return model.eval().requires_grad_(False)


_WORDS: Mapping[Kind, str] = {
    "unet": "U-Net",
    "vae": "VAE",
    "text": "text encoder",
    "text_projection": "text encoder",
}


def _empty(kind: Kind, config: Mapping[str, object]) -> nn.Module:
    """Return the network on the meta device, where weights cost nothing."""
    if kind in ("unet", "vae"):
        known = {name: value for name, value in config.items() if not name.startswith("_")}
        from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: PLC0415 - heavy

        chosen = UNet2DConditionModel if kind == "unet" else AutoencoderKL
        model: nn.Module = chosen.from_config(known)
        return model
    from transformers import (  # noqa: PLC0415 - heavy
        CLIPTextConfig,
        CLIPTextModel,
        CLIPTextModelWithProjection,
    )

    text = CLIPTextModel if kind == "text" else CLIPTextModelWithProjection
    encoder: nn.Module = text(
        CLIPTextConfig(**{name: config[name] for name in _CLIP & set(config)})
    )
    return encoder


def _fill_buffers(model: nn.Module, device: str) -> None:
    """Give real values to what a file does not store: CLIP's row of position numbers."""
    import torch  # noqa: PLC0415 - heavy

    for path, module in model.named_modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if not buffer.is_meta:
                continue
            if name != "position_ids":
                raise NotRenderable(f"The buffer {path}.{name} has no known value.")
            numbers = torch.arange(buffer.shape[-1], device=device).expand(buffer.shape)
            module.register_buffer(name, numbers, persistent=False)


def _check_counts(config: Mapping[str, object]) -> None:
    """Refuse a configuration that would build millions of layers."""
    for name in ("block_out_channels", "down_block_types", "up_block_types"):
        blocks = config.get(name)
        if isinstance(blocks, list | tuple) and len(blocks) > _MOST_BLOCKS:
            raise NotRenderable(f"The configuration asks for {len(blocks)} blocks ({name}).")
    for name in _LAYER_COUNTS:
        counts = list(islice(_flattened(config.get(name)), _MOST_LAYERS + 1))
        if len(counts) > _MOST_LAYERS or any(count > _MOST_LAYERS for count in counts):
            raise NotRenderable(f"The configuration asks for an absurd {name}.")


def _flattened(value: object) -> Iterator[int]:
    """Yield the numbers in a number, a list of numbers, or a list of lists of numbers."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flattened(item)
    elif isinstance(value, int):
        yield value


@contextmanager
def _as_not_renderable(kind: Kind) -> Iterator[None]:
    """Turn what a library says about a bad configuration into our words."""
    try:
        yield
    except _CONFIG_ERRORS as error:
        raise NotRenderable(
            f"No {_WORDS[kind]} can be built from this configuration: {error}."
        ) from error
