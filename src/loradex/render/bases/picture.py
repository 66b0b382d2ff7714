"""From a decoder's output to a picture, and from a picture to a decoder's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


class FlatPicture(ArithmeticError):
    """A picture that is one colour everywhere."""


def refuse_nan(latents: Tensor) -> None:
    """Raise `ArithmeticError` in plain words when latents are not numbers any more."""
    import torch  # noqa: PLC0415 - heavy

    if not bool(torch.isfinite(latents).all()):
        raise ArithmeticError("The numbers ran out of range while drawing (NaN).")


def to_picture(decoded: Tensor) -> Image:
    """Return the RGB picture of a decoder's output (3, height, width) in -1..1.

    Raises `ArithmeticError` when it is not a picture of anything.
    """
    import torch  # noqa: PLC0415 - heavy
    from PIL import Image  # noqa: PLC0415 - beside its use

    if not bool(torch.isfinite(decoded).all()):
        raise ArithmeticError("The numbers ran out of range in the VAE (NaN).")
    pixels = (decoded / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
    whole = (pixels * 255).round().astype("uint8")
    if whole.min() == whole.max():
        raise FlatPicture("The picture is one flat colour.")
    return Image.fromarray(whole)


def from_picture(picture: Image) -> Tensor:
    """Return a picture as (1, 3, height, width) in -1..1, float32."""
    import numpy as np  # noqa: PLC0415 - heavy
    import torch  # noqa: PLC0415 - heavy

    pixels = np.array(picture.convert("RGB"), dtype=np.float32) / 255.0
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] * 2 - 1


def fitted(picture: Image, size: tuple[int, int]) -> Image:
    """Return the picture in the size to draw, stretched where its sides differ."""
    from PIL import Image as Pillow  # noqa: PLC0415 - beside its use

    plain = picture.convert("RGB")
    return plain if plain.size == size else plain.resize(size, Pillow.Resampling.LANCZOS)
