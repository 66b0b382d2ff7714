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

Kind = Literal[
    "unet",
    "vae",
    "text",
    "text_projection",
    "image_projection",
    "t5",
    "qwen3",
    "qwen2.5-vl",
    "sd3",
    "flux",
    "chroma",
    "qwen",
    "z-image",
    "flux2",
    "vae-qwen",
    "vae-flux2",
    "controlnet",
    "t2i-adapter",
    "controlnet-flux",
    "controlnet-sd3",
]
"""A network that can be built: which library class it is, and what people call it."""

_DIFFUSERS: Mapping[str, str] = {
    "unet": "UNet2DConditionModel",
    "vae": "AutoencoderKL",
    "sd3": "SD3Transformer2DModel",
    "flux": "FluxTransformer2DModel",
    "chroma": "ChromaTransformer2DModel",
    "qwen": "QwenImageTransformer2DModel",
    "z-image": "ZImageTransformer2DModel",
    "flux2": "Flux2Transformer2DModel",
    "vae-qwen": "AutoencoderKLQwenImage",
    "vae-flux2": "AutoencoderKLFlux2",
    "controlnet": "ControlNetModel",
    "t2i-adapter": "T2IAdapter",
    "controlnet-flux": "FluxControlNetModel",
    "controlnet-sd3": "SD3ControlNetModel",
}
_TRANSFORMERS: Mapping[str, tuple[str, str]] = {
    "text": ("CLIPTextModel", "CLIPTextConfig"),
    "text_projection": ("CLIPTextModelWithProjection", "CLIPTextConfig"),
    "image_projection": ("CLIPVisionModelWithProjection", "CLIPVisionConfig"),
    "t5": ("T5EncoderModel", "T5Config"),
    "qwen3": ("Qwen3Model", "Qwen3Config"),
    "qwen2.5-vl": ("Qwen2_5_VLTextModel", "Qwen2_5_VLTextConfig"),
}
_LAYER_COUNTS = (
    "layers_per_block",
    "num_hidden_layers",
    "transformer_layers_per_block",
    "reverse_transformer_layers_per_block",
    "num_layers",
    "num_single_layers",
    "n_layers",
    "n_refiner_layers",
    "approximator_layers",
    "num_res_blocks",
    "num_res_blocks_per_level",
)
_CONFIG_ERRORS = (
    AssertionError,
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
_MOST_LAYERS = 128
_MOST_BLOCKS = 16
_ENCODER_OPTIONS = frozenset(
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
        "d_model",
        "d_kv",
        "d_ff",
        "num_layers",
        "num_heads",
        "relative_attention_num_buckets",
        "relative_attention_max_distance",
        "layer_norm_epsilon",
        "feed_forward_proj",
        "num_key_value_heads",
        "head_dim",
        "rms_norm_eps",
        "rope_theta",
        "rope_scaling",
        "rope_parameters",
        "attention_bias",
        "image_size",
        "patch_size",
    }
)
"""Options of an encoder that say what it computes; all others keep the library's value."""


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
    with _as_not_renderable(kind):
        model = _empty(kind, config)
    weights: dict[str, Tensor] = {}
    for name, expected in model.state_dict().items():
        found = source(name)
        if found is None:
            raise NotRenderable(f"The {_called(kind)} lacks the weight {name}.")
        if found.shape != expected.shape:
            raise NotRenderable(
                f"The {_called(kind)}'s weight {name} has the shape {list(found.shape)}, "
                f"but {list(expected.shape)} is needed."
            )
        # copy=True: a merge must never write through to the file's mapped pages.
        weights[name] = found.to(
            placed.device,
            _dtype(name, kind, expected, dtype or placed.torch_dtype),
            copy=True,
            memory_format=torch.contiguous_format,
        )
    model.load_state_dict(weights, strict=True, assign=True)
    return model.to(placed.device).eval().requires_grad_(False)


def _dtype(name: str, kind: Kind, expected: Tensor, chosen: torch.dtype) -> torch.dtype:
    """Return a weight's dtype: whole numbers keep theirs, and T5 overflows in float16 here."""
    import torch  # noqa: PLC0415 - heavy

    if not expected.is_floating_point():
        return expected.dtype
    if kind == "t5" and chosen == torch.float16 and name.endswith(".wo.weight"):
        return torch.float32
    return chosen


_WORDS: Mapping[Kind, str] = {
    "unet": "U-Net",
    "vae": "VAE",
    "vae-qwen": "VAE",
    "vae-flux2": "VAE",
    "text": "text encoder",
    "text_projection": "text encoder",
    "image_projection": "image tower",
    "t5": "T5 text encoder",
    "qwen3": "Qwen3 text encoder",
    "qwen2.5-vl": "Qwen2.5-VL text encoder",
    "controlnet": "ControlNet",
    "t2i-adapter": "T2I-adapter",
    "controlnet-flux": "ControlNet",
    "controlnet-sd3": "ControlNet",
}


def _called(kind: Kind) -> str:
    return _WORDS.get(kind, "transformer")


def class_name(kind: Kind) -> str:
    """Return the library's class of a network, as configurations name it."""
    return _DIFFUSERS[kind] if kind in _DIFFUSERS else _TRANSFORMERS[kind][0]


def _empty(kind: Kind, config: Mapping[str, object]) -> nn.Module:
    """Return the network with its weights on the meta device, where they cost nothing.

    What is computed and not stored (positions, rotations) is real.
    """
    from accelerate import (  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy
        init_empty_weights,
    )

    with init_empty_weights(include_buffers=False):
        if kind in _DIFFUSERS:
            import diffusers  # noqa: PLC0415 - heavy

            known = {name: value for name, value in config.items() if not name.startswith("_")}
            model: nn.Module = getattr(diffusers, _DIFFUSERS[kind]).from_config(known)
            return model
        import transformers  # noqa: PLC0415 - heavy

        chosen, options = (getattr(transformers, name) for name in _TRANSFORMERS[kind])
        encoder: nn.Module = chosen(
            options(**{k: config[k] for k in _ENCODER_OPTIONS & set(config)})
        )
        return encoder


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
    from huggingface_hub.errors import StrictDataclassError  # noqa: PLC0415 - beside its use

    try:
        yield
    except (*_CONFIG_ERRORS, StrictDataclassError) as error:
        told = " ".join(str(error).split())
        raise NotRenderable(
            f"No {_called(kind)} can be built from this configuration: {told}."
        ) from error
