"""Weights for tiny models: from a seed, chosen so that pictures are colourful and differ.

Plain random weights give grey static whatever the prompt. Here 3x3 convolutions blur instead of
scattering, text attention is turned up, and the decoder's last layer mixes three chosen colours;
so every prompt, seed and strength gives soft shapes of its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

_GAINS = (
    # (part of the name, factor), by trial. Louder than this, and rounding grows into the picture.
    ("attn2.to_v", 4.0),
    ("attn2.to_out", 4.0),
    ("self_attn.v_proj", 2.0),
    ("self_attn.out_proj", 2.0),
)
_NOISE_GAIN = 3.0
_BLUR = (1.0, 2.0, 1.0)
_BLUR_GAIN = 1.6
_COLOURS = ((0.5, 0.5, 0.45), (0.55, 0.05, -0.45), (-0.25, 0.2, 0.2))
"""Light to dark, warm to cold, green to red: directions in RGB around a middle tone."""
_MIDDLE = (0.1, 0.05, 0.0)
_CONTRAST = 1.7


def paint(module: nn.Module, *, seed: int) -> None:
    """Fill every weight of `module` from `seed`, rounded to values that float16 holds exactly."""
    import torch  # noqa: PLC0415 - heavy

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.copy_(_values(name, weight, generator).half().float())


def _values(name: str, weight: Tensor, generator: Generator) -> Tensor:
    import torch  # noqa: PLC0415 - heavy

    if name == "decoder.conv_out.bias":
        return torch.tensor(_MIDDLE)
    if name == "decoder.conv_out.weight":
        return _colouring(weight, generator)
    noise = torch.randn(weight.shape, generator=generator)
    if weight.dim() == 1:
        return 0.3 * noise + ("norm" in name and name.endswith("weight"))
    if "token_embedding" in name:
        return noise
    if "position_embedding" in name:
        return 0.1 * noise
    if weight.dim() == 4 and weight.shape[-1] == 3:
        values = noise[:, :, :1, :1] * _blur() * (_BLUR_GAIN / math.sqrt(weight.shape[1]))
    else:
        values = noise / math.sqrt(weight[0].numel())
    gain = _NOISE_GAIN if name == "conv_out.weight" else 1.0
    return values * math.prod((factor for part, factor in _GAINS if part in name), start=gain)


def _colouring(weight: Tensor, generator: Generator) -> Tensor:
    """Return the decoder's last layer: each colour direction follows its own mix of channels."""
    import torch  # noqa: PLC0415 - heavy

    mix = torch.randn((len(_COLOURS), weight.shape[1]), generator=generator)
    # Channels are positive on average; without this the mean colour would drift off.
    mix -= mix.mean(1, keepdim=True)
    mix /= torch.linalg.vector_norm(mix, dim=1, keepdim=True)
    return (torch.tensor(_COLOURS).T @ mix)[:, :, None, None] * _blur() * _CONTRAST


def _blur() -> Tensor:
    """Return a 3x3 smoothing kernel that sums to 1."""
    import torch  # noqa: PLC0415 - heavy

    row = torch.tensor(_BLUR) / sum(_BLUR)
    return row[:, None] * row[None, :]
