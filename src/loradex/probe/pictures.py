"""Pictures as arrays: read once, measured many times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import RenderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]
    """Height x width x RGB, from 0 to 1, as the file has them (sRGB)."""

MOST_PIXELS = 4096 * 4096


def read_pixels(path: Path) -> Pixels:
    """Return the pixels of a PNG that was drawn here.

    Raises `RenderError` for a file that is gone, broken, no PNG or larger than any we draw.
    """
    import numpy as np  # noqa: PLC0415 - heavy
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - beside its use

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise RenderError(f"{path} is larger than any picture of a probe.")
            pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    except (
        OSError,
        ValueError,
        SyntaxError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
    ) as error:
        raise RenderError(
            f"The picture {path} cannot be read.", hint="Probe again: it will be drawn anew."
        ) from error
    return pixels / 255.0
